// SPDX-License-Identifier: Apache-2.0

// Goroutines that wait for ever, others that sleep, and more of the first kind every millisecond.
package main

import (
	"fmt"
	"os"
	"time"
)

func leak(answers chan int) {
	go func() { answers <- 1 }() // nobody reads
}

func sleeper() {
	time.Sleep(time.Hour)
}

func main() {
	answers := make(chan int)
	for i := 0; i < 487; i++ {
		leak(answers)
	}
	for i := 0; i < 5; i++ {
		go sleeper()
	}
	time.Sleep(100 * time.Millisecond)
	fmt.Println("ready")
	for len(os.Args) > 1 {
		time.Sleep(time.Millisecond)
		leak(answers)
	}
	time.Sleep(time.Hour)
}
