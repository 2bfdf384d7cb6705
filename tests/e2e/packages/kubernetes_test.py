#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example for Kubernetes fits the image that it mounts, and asks for no right that it does not need.

    kubernetes_test.py SOURCES
"""
import os
import re
import sys
import unittest

try:
    import yaml
except ImportError:
    print("python3-yaml is not installed", file=sys.stderr)
    sys.exit(77)

SOURCES = sys.argv[1] if len(sys.argv) > 1 else "."


def load(name):
    with open(os.path.join(SOURCES, "scripts/deploy/kubernetes/base", name), encoding="utf-8") as file:
        return yaml.safe_load(file)


class KubernetesTest(unittest.TestCase):
    def setUp(self):
        self.pod = load("track.yaml")["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.mounts = {mount["name"]: mount for mount in self.container["volumeMounts"]}
        self.volumes = {volume["name"]: volume for volume in self.pod["volumes"]}

    def test_the_patch_meets_the_deployment_that_it_is_for(self):
        listed = load("kustomization.yaml")
        for name in listed["resources"] + [patch["path"] for patch in listed["patches"]]:
            document = load(name)
            self.assertEqual((document["kind"], document["metadata"]["name"]), ("Deployment", "service"))
        containers = load("service.yaml")["spec"]["template"]["spec"]["containers"]
        self.assertEqual([one["name"] for one in containers], [self.container["name"]])

    def test_the_image_is_of_this_version_and_has_the_library_where_it_is_preloaded(self):
        with open(os.path.join(SOURCES, "CMakeLists.txt"), encoding="utf-8") as file:
            version = re.search(r"^project\(leaktrack VERSION (\S+)", file.read(), re.M).group(1)
        self.assertEqual(self.volumes["leaktrack"]["image"]["reference"], "leaktrack:" + version)
        environment = {one["name"]: one["value"] for one in self.container["env"]}
        place = self.mounts["leaktrack"]["mountPath"]
        self.assertEqual(environment["LD_PRELOAD"], place + "/lib/libleaktrack.so")  # scripts/package.sh
        self.assertEqual(environment["LEAKTRACK_OUT"], self.mounts["captures"]["mountPath"])

    def test_each_volume_is_mounted_and_what_can_be_written_is_bounded(self):
        self.assertEqual(set(self.mounts), set(self.volumes))
        for name, volume in self.volumes.items():
            if "emptyDir" in volume:
                self.assertRegex(volume["emptyDir"]["sizeLimit"], r"^\d+Mi$", name)
            else:
                self.assertTrue(self.mounts[name]["readOnly"], name)
        recorder = self.volumes["recorder"]["emptyDir"]
        self.assertEqual((recorder["medium"], self.mounts["recorder"]["mountPath"]), ("Memory", "/dev/shm"))

    def test_no_right_is_asked_for(self):
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        self.assertNotEqual(self.pod["securityContext"]["runAsUser"], 0)
        context = self.container["securityContext"]
        self.assertEqual(context, {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                   "capabilities": {"drop": ["ALL"]}})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
