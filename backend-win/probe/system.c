/* SPDX-License-Identifier: MIT */

/* Which system answers: its version, the Winsock providers, and the rights of this process. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

/* [D] winternl.h has it only for drivers; GetVersionEx lies to programs without a manifest. */
typedef LONG(WINAPI *get_version)(OSVERSIONINFOEXW *);
typedef const char *(CDECL *get_wine_version)(void);

static void find_call(const char *name, void *call, size_t size) {
  FARPROC found = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
  memcpy(call, &found, size);
}

static const char *wine_version(void) {
  get_wine_version call;
  find_call("wine_get_version", &call, sizeof call);
  return call != NULL ? call() : NULL;
}

static OSVERSIONINFOEXW windows_version(void) {
  OSVERSIONINFOEXW version = {.dwOSVersionInfoSize = sizeof version};
  get_version call;
  find_call("RtlGetVersion", &call, sizeof call);
  if (call != NULL) {
    (void)call(&version);
  }
  return version;
}

static const char *architecture(void) {
  SYSTEM_INFO information;
  GetNativeSystemInfo(&information);
  switch (information.wProcessorArchitecture) {
  case PROCESSOR_ARCHITECTURE_AMD64:
    return "x64";
  case PROCESSOR_ARCHITECTURE_INTEL:
    return "x86";
  case 12: /* PROCESSOR_ARCHITECTURE_ARM64, which older SDKs lack */
    return "arm64";
  default:
    return "unknown";
  }
}

void conntrail__system_name(char *text, size_t size) {
  OSVERSIONINFOEXW version = windows_version();
  const char *wine = wine_version();
  int used = snprintf(text, size, "Windows %lu.%lu.%lu %s", version.dwMajorVersion,
                      version.dwMinorVersion, version.dwBuildNumber, architecture());
  if (wine != NULL && used > 0 && (size_t)used < size) {
    (void)snprintf(text + used, size - (size_t)used, " (Wine %s)", wine);
  }
}

static void write_provider(probe_writer *writer, const WSAPROTOCOL_INFOW *provider,
                           bool with_names) {
  char name[WSAPROTOCOL_LEN * 3 + 1] = "";
  conntrail__json_open(writer, NULL, '{');
  conntrail__json_number(writer, "family", provider->iAddressFamily);
  conntrail__json_number(writer, "type", provider->iSocketType);
  conntrail__json_number(writer, "protocol", provider->iProtocol);
  /* [D] 0 is a layered provider, 1 a base one, more a chain. */
  conntrail__json_number(writer, "chain", provider->ProtocolChain.ChainLen);
  if (with_names && WideCharToMultiByte(CP_UTF8, 0, provider->szProtocol, -1, name,
                                        (int)sizeof name, NULL, NULL) > 0) {
    conntrail__json_text(writer, "name", name);
  }
  conntrail__json_close(writer, '}');
}

static void write_providers(probe_writer *writer, bool with_names) {
  static WSAPROTOCOL_INFOW providers[PROBE_MOST_PROVIDERS];
  DWORD size = (DWORD)sizeof providers;
  int count = WSAEnumProtocolsW(NULL, providers, &size);
  conntrail__json_open(writer, "providers", '[');
  writer->flat_from = writer->depth + 1;
  for (int i = 0; i < count; i++) {
    write_provider(writer, &providers[i], with_names);
  }
  writer->flat_from = UINT32_MAX;
  conntrail__json_close(writer, ']');
}

void conntrail__system_write(probe_writer *writer, bool with_names) {
  OSVERSIONINFOEXW version = windows_version();
  char host[256] = "";
  conntrail__json_open(writer, "system", '{');
  conntrail__json_number(writer, "major", version.dwMajorVersion);
  conntrail__json_number(writer, "minor", version.dwMinorVersion);
  conntrail__json_number(writer, "build", version.dwBuildNumber);
  conntrail__json_flag(writer, "server", version.wProductType > VER_NT_WORKSTATION);
  conntrail__json_text(writer, "architecture", architecture());
  conntrail__json_number(writer, "program bits", 8 * (int64_t)sizeof(void *));
  conntrail__json_text(writer, "wine", wine_version() != NULL ? wine_version() : "");
  conntrail__json_flag(writer, "elevated", conntrail__probe_is_elevated());
  if (with_names && gethostname(host, (int)sizeof host) == 0) {
    conntrail__json_text(writer, "host", host);
  }
  write_providers(writer, with_names);
  conntrail__json_close(writer, '}');
}
