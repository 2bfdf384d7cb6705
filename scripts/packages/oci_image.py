#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an OCI image, as one archive, of a folder and nothing else: no distribution, no shell.

    oci_image.py FOLDER OUTPUT VERSION ARCHITECTURE EPOCH

`leaktrack` is the entry point. The layer has bin, lib and share at its root and an empty /captures. Equal folders give
equal bytes.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import time


def owned_by_root(member, epoch):
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = epoch
    return member


def layer_of(folder, epoch):
    """The folder as an uncompressed tar archive, in the order of the names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        captures = tarfile.TarInfo("captures")
        captures.type, captures.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(owned_by_root(captures, epoch))
        for path, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files + folders):
                full = os.path.join(path, name)
                member = archive.gettarinfo(full, os.path.relpath(full, folder))
                owned_by_root(member, epoch)
                if member.isfile():
                    with open(full, "rb") as content:
                        archive.addfile(member, content)
                else:
                    archive.addfile(member)
    return buffer.getvalue()


def compressed(data):
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as file:
        file.write(data)
    return buffer.getvalue()


class Layout:
    """The blobs of an image, by digest."""

    def __init__(self):
        self.blobs = {}

    def add(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        self.blobs["blobs/sha256/" + digest] = data
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}

    def add_json(self, media_type, value):
        return self.add(media_type, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def image(layer, version, architecture, epoch):
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    labels = {"org.opencontainers.image.title": "leaktrack", "org.opencontainers.image.version": version,
              "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.created": created}
    layout = Layout()
    packed = layout.add("application/vnd.oci.image.layer.v1.tar+gzip", compressed(layer))
    config = layout.add_json("application/vnd.oci.image.config.v1+json", {
        "architecture": architecture, "os": "linux", "created": created,
        "config": {"Entrypoint": ["/bin/leaktrack"], "Env": ["PATH=/bin"], "Labels": labels, "User": "65532:65532"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "scripts/package.sh", "comment": "leaktrack " + version}]})
    manifest = layout.add_json("application/vnd.oci.image.manifest.v1+json", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
        "layers": [packed], "annotations": labels})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": version}
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    files = dict(layout.blobs)
    files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    files["index.json"] = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                      "manifests": [manifest]}, sort_keys=True).encode()
    return files


def write_archive(path, files, epoch):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            archive.addfile(owned_by_root(member, epoch), io.BytesIO(files[name]))


def main():
    folder, output, version, architecture, epoch = sys.argv[1:6]
    layer = layer_of(folder, int(epoch))
    write_archive(output, image(layer, version, architecture, int(epoch)), int(epoch))


if __name__ == "__main__":
    main()
