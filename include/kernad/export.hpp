// Visibility of public symbols. The library is built with hidden visibility: what is not marked is not exported.
#pragma once

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
