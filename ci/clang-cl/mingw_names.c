/* SPDX-License-Identifier: MIT */

/*
 * Names that libevent and Check, built with mingw-w64, ask for and ucrtbase.dll does not export.
 * From mingw-w64's own libraries they would come with a second C library, which does not know the
 * files of the first. Without headers, which declare them otherwise. Only for the stage clang-cl.
 */

#include <stdarg.h>

typedef struct stream stream;

/* [D] What the functions of Visual Studio's headers and of its oldnames.lib call. */
extern int __cdecl _crt_atexit(void(__cdecl *function)(void));
extern stream *__cdecl __acrt_iob_func(unsigned which);
extern int __cdecl __stdio_common_vfprintf(unsigned __int64 options, stream *out,
                                           const char *format, void *locale, va_list arguments);
extern stream *__cdecl _fdopen(int descriptor, const char *mode);
extern int __cdecl _close(int descriptor);
extern int __cdecl _read(int descriptor, void *bytes, unsigned size);
extern int __cdecl _unlink(const char *path);
extern char *__cdecl _strdup(const char *text);

int __cdecl atexit(void(__cdecl *function)(void)) {
  return _crt_atexit(function);
}

int __cdecl fprintf(stream *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = __stdio_common_vfprintf(0, out, format, 0, arguments);
  va_end(arguments);
  return written;
}

int __cdecl printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = __stdio_common_vfprintf(0, __acrt_iob_func(1), format, 0, arguments);
  va_end(arguments);
  return written;
}

stream *__cdecl fdopen(int descriptor, const char *mode) {
  return _fdopen(descriptor, mode);
}

int __cdecl close(int descriptor) {
  return _close(descriptor);
}

int __cdecl read(int descriptor, void *bytes, unsigned size) {
  return _read(descriptor, bytes, size);
}

int __cdecl unlink(const char *path) {
  return _unlink(path);
}

char *__cdecl strdup(const char *text) {
  return _strdup(text);
}

/* [D] 0 is EXCEPTION_CONTINUE_SEARCH: the next handler decides. */
long __stdcall _gnu_exception_handler(void *exception) {
  (void)exception;
  return 0;
}
