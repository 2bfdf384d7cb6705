#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command beside a file system whose files have names and no links, as some of FUSE's have.

    linkless_fs.py FOLDER COMMAND...     FOLDER: where it is mounted, in a mount namespace of its own

Speaks the kernel's own protocol (linux/fuse.h): files of one folder, in memory. Ends with the command's status; 77 where it may not mount.
"""
import ctypes
import errno
import os
import stat
import struct
import subprocess
import sys
import threading

ROOT = 1
NOT_ALLOWED = 77
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, CREATE, INTERRUPT, BATCH_FORGET = 20, 25, 26, 27, 28, 29, 35, 36, 42


class Server:
    def __init__(self, fd):
        self.fd = fd
        self.names, self.contents, self.modes = {}, {}, {}

    def serve(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 18)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return  # unmounted
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
                continue
            try:
                answer, failure = self.answer(opcode, node, request[40:]), 0
            except OSError as error:
                answer, failure = b"", -error.errno
            os.write(self.fd, struct.pack("<IiQ", 16 + len(answer), failure, unique) + answer)

    def attributes(self, node):
        size = len(self.contents.get(node, b""))
        mode, links = (stat.S_IFDIR | 0o777, 2) if node == ROOT else (stat.S_IFREG | self.modes[node], 0)
        return struct.pack("<6Q10I", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, links, os.getuid(), os.getgid(), 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + self.attributes(node)

    def listing(self, first):
        """The names from the `first` on; few enough for one answer."""
        entries = b""
        for number, (name, node) in enumerate(list(self.names.items())[first:], first + 1):
            entries += struct.pack("<QQII", node, number, len(name), stat.S_IFREG >> 12) + name + bytes(-len(name) % 8)
        return entries

    def answer(self, opcode, node, body):
        if opcode == INIT:
            return struct.pack("<IIIIHHIIHHI7I", 7, 31, 0, 0, 0, 0, 1 << 17, 1, 0, 0, 0, *[0] * 7)
        if opcode == LOOKUP:
            name = body.rstrip(b"\0")
            if name not in self.names:
                raise OSError(errno.ENOENT, "")
            return self.entry(self.names[name])
        if opcode == CREATE:
            _, mode = struct.unpack_from("<II", body)
            fresh = ROOT + 1 + len(self.names)
            self.names[body[16:].rstrip(b"\0")] = fresh
            self.contents[fresh], self.modes[fresh] = bytearray(), mode & 0o777
            return self.entry(fresh) + bytes(16)
        if opcode in (GETATTR, SETATTR):
            return bytes(16) + self.attributes(node)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return bytes(self.contents[node][offset:offset + size])
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("<QQI", body)
            content = self.contents[node]
            content.extend(bytes(max(0, offset + size - len(content))))
            content[offset:offset + size] = body[40:40 + size]
            return struct.pack("<II", size, 0)
        if opcode == STATFS:
            return struct.pack("<5Q10I", 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096, *[0] * 7)
        if opcode in (OPEN, OPENDIR):
            return bytes(16)
        if opcode == READDIR:
            return self.listing(struct.unpack_from("<QQ", body)[1])
        if opcode in (RELEASE, RELEASEDIR, FLUSH, FSYNC):
            return b""
        raise OSError(errno.ENOSYS, "")


def mount(folder):
    """The descriptor to serve, or None."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, recursive, private = 0x20000, 0x4000, 1 << 18
    try:
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    options = f"fd={fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
    mounted = (libc.unshare(new_mounts) == 0 and libc.mount(None, b"/", None, recursive | private, None) == 0
               and libc.mount(b"linkless", folder.encode(), b"fuse", 0, options) == 0)
    return fd if mounted else None


def main():
    folder, command = sys.argv[1], sys.argv[2:]
    fd = mount(folder)
    if fd is None:
        sys.exit(NOT_ALLOWED)
    threading.Thread(target=Server(fd).serve, daemon=True).start()
    os._exit(subprocess.run(command, check=False).returncode)  # with it goes what it has mounted


if __name__ == "__main__":
    main()
