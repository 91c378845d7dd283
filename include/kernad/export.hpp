// Visibility of public symbols. The library is built with hidden visibility: what is not marked is not exported.
// Every public header reaches this one, so that the language is checked here for all of them.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "kernad needs C++20: compile with -std=c++20"
#include "no further errors: kernad's headers end here"  // not found, which is fatal: no flood follows the line above
#endif

#if defined(KERNAD_STATIC)
#define KERNAD_API
#elif defined(_WIN32)
#if defined(KERNAD_BUILDING)
#define KERNAD_API __declspec(dllexport)
#else
#define KERNAD_API __declspec(dllimport)
#endif
#else
#define KERNAD_API __attribute__((visibility("default")))
#endif
