# SPDX-License-Identifier: Apache-2.0
# WHAT: Go with cgo: goroutines with C memory, calls back into Go, signals, a caught fault, a child.
# NEEDS: /usr/lib/go-1.19/bin/go gcc
# TIMEOUT: 120
# SHORT: fewer rounds
# Compared as it is. The program is built once, outside the folder that is emptied between the runs.
go=/usr/lib/go-1.19/bin/go
[ "${1:-}" != version ] || { $go version | grep -m1 -oP 'version go\K[0-9.]+'; exit; }
set -euo pipefail
rounds=${SHORT:+200}
cat >main.go <<'GO'
package main

/*
#include <stdlib.h>
#include <string.h>
extern int GoAdds(int, int);
static char* take(int n) { char* p = malloc(n); memset(p, n & 127, n); return p; }
static int calls_back(int a, int b) { return GoAdds(a, b); }
*/
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

//export GoAdds
func GoAdds(a, b C.int) C.int { return a + b }

func work(seed, rounds int) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sum, kept := 0, map[int]*C.char{}
	for i := 0; i < rounds; i++ {
		n := C.int(16 + (i*37+seed)%5000)
		p := C.take(n)
		sum += int(*(*C.char)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + uintptr(n-1))))
		sum += int(C.calls_back(C.int(i), n))
		if q := kept[i%50]; q != nil {
			C.free(unsafe.Pointer(q))
		}
		kept[i%50] = p
		sum += len(make([]byte, 100+i%1000))
	}
	for _, p := range kept {
		C.free(unsafe.Pointer(p))
	}
	return sum
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	sums := make([]int, 32)
	var all sync.WaitGroup
	for i := range sums {
		all.Add(1)
		go func(i int) { defer all.Done(); sums[i] = work(i, rounds) }(i)
	}
	all.Wait()
	fmt.Println(sums)
	runtime.GC()
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-heard)
	said, err := exec.Command("sh", "-c", "echo child; exit 3").Output()
	fmt.Print(string(said), err, "\n")
	defer func() { fmt.Println("recovered:", recover()); os.Exit(4) }()
	var nothing *int
	*nothing = 1
}
GO
if [ ! -x ../go/main ]; then
  GOCACHE=$PWD/../go/cache GO111MODULE=off $go build -o ../go/main main.go
fi
status=0
$TRACK ../go/main "${rounds:-20000}" || status=$?
echo "status $status"
