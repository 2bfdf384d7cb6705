// SPDX-License-Identifier: Apache-2.0
//
// The packages that bundle_test.mjs has installed below WORK. If it could not, the calling test is
// skipped: status 77.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export function packagesOf(work) {
  if (!existsSync(path.join(work, 'node_modules', '.package-lock.json'))) {  // npm's last act
    console.log('skipped: the packages of tools/report/html are not installed (see html.bundle)');
    process.exit(77);
  }
  return createRequire(`${work}/`);
}
