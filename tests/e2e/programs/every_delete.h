// SPDX-License-Identifier: Apache-2.0
//
// Each form of operator delete gives back what its operator new gave.
#ifndef LEAKTRACK_TESTS_E2E_PROGRAMS_EVERY_DELETE_H_
#define LEAKTRACK_TESTS_E2E_PROGRAMS_EVERY_DELETE_H_

#include <new>

#include "program.h"

inline constexpr std::align_val_t kAlign{64};

inline void NewAndDeleteInEveryWay() {
  ::operator delete(Escape(::operator new(2001)));
  ::operator delete (Escape(::operator new(2002)), size_t{2002});
  ::operator delete(Escape(::operator new(2003)), std::nothrow);
  ::operator delete[](Escape(::operator new[](2004)));
  ::operator delete[](Escape(::operator new[](2005)), size_t{2005});
  ::operator delete[](Escape(::operator new[](2006)), std::nothrow);
  ::operator delete(Escape(::operator new(2048, kAlign)), kAlign);
  ::operator delete (Escape(::operator new(2048, kAlign)), size_t{2048}, kAlign);
  ::operator delete(Escape(::operator new(2048, kAlign)), kAlign, std::nothrow);
  ::operator delete[](Escape(::operator new[](2048, kAlign)), kAlign);
  ::operator delete[](Escape(::operator new[](2048, kAlign)), size_t{2048}, kAlign);
  ::operator delete[](Escape(::operator new[](2048, kAlign)), kAlign, std::nothrow);
}

#endif  // LEAKTRACK_TESTS_E2E_PROGRAMS_EVERY_DELETE_H_
