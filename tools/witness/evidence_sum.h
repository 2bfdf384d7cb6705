// SPDX-License-Identifier: Apache-2.0
//
// Sums up what memory says about several sets of blocks.
//
// Promises: pure. Shares of holders are of all blocks; the verdict is drawn from the sums.
#ifndef LEAKTRACK_TOOLS_WITNESS_EVIDENCE_SUM_H_
#define LEAKTRACK_TOOLS_WITNESS_EVIDENCE_SUM_H_

#include "tools/witness/witness.h"

namespace leaktrack::witness {

class EvidenceSum {
 public:
  void Add(const Evidence& part);
  Evidence Total() const;

 private:
  Evidence sum_;  // holders with blocks in the place of shares
};

}  // namespace leaktrack::witness

#endif  // LEAKTRACK_TOOLS_WITNESS_EVIDENCE_SUM_H_
