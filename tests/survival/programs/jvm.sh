# SPDX-License-Identifier: Apache-2.0
# WHAT: javac and java: threads, direct buffers, garbage collection, deflate, a child process, a stack overflow, exit hooks.
# NEEDS: java javac
# TIMEOUT: 240
# Compared as it is.
[ "${1:-}" != version ] || { java -version 2>&1 | head -1 | cut -d'"' -f2; exit; }
set -euo pipefail
cat >Main.java <<'JAVA'
import java.nio.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*; import java.util.zip.*;
public class Main {
  static int deep(int n) { return 1 + deep(n + 1); }
  public static void main(String[] a) throws Exception {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    ExecutorService pool = Executors.newFixedThreadPool(16);
    List<Future<Long>> sums = new ArrayList<>();
    for (int i = 0; i < 200; i++) { final int n = i; sums.add(pool.submit(() -> {
      ByteBuffer b = ByteBuffer.allocateDirect(200_000 + n); long s = 0;
      while (b.remaining() >= 8) b.putLong(n * 31L + b.position()); b.flip();
      while (b.remaining() >= 8) s += b.getLong();
      Deflater d = new Deflater(); d.setInput(new byte[50_000]); d.finish(); s += d.deflate(new byte[60_000]); d.end();
      return s; })); }
    long total = 0; for (Future<Long> f : sums) total += f.get(); System.out.println(total);
    for (int i = 0; i < 500; i++) { Thread t = new Thread(() -> new byte[10_000].clone()); t.start(); t.join(); }
    try { deep(0); } catch (StackOverflowError e) { System.out.println("overflow caught"); }
    try { Object o = null; o.hashCode(); } catch (NullPointerException e) { System.out.println("null caught"); }
    System.gc();
    System.out.println(IntStream.range(0, 2_000_000).parallel().mapToObj(Integer::toString).mapToLong(String::length).sum());
    Process p = new ProcessBuilder("sh", "-c", "echo child; exit 3").redirectErrorStream(true).start();
    System.out.print(new String(p.getInputStream().readAllBytes())); System.out.println(p.waitFor());
    pool.shutdown(); System.exit(5);
  }
}
JAVA
$TRACK javac Main.java
$TRACK java -Xmx256m -XX:+UseG1GC Main || echo "status $?"
$TRACK java -Xmx128m -XX:+UseSerialGC -XX:MaxDirectMemorySize=64m Main || echo "status $?"
