/* SPDX-License-Identifier: MIT */

/*
 * HNS' L4WfpProxyPolicy, the redirector that Windows Server 2022 brings along. It redirects what a
 * process-isolated container connects to, so that the probe must run inside the container; here,
 * on the host, the policy is put on the container's endpoint. NOT TRIED on a Windows so far: the
 * calls are those of Microsoft's computenetwork.h, the settings those of its hcsshim.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "probe.h"

enum { ID_LENGTH = 36, SETTINGS = 512 };

typedef HRESULT(WINAPI *enumerate_call)(const wchar_t *query, wchar_t **ids, wchar_t **error);
typedef HRESULT(WINAPI *open_call)(const GUID *id, void **endpoint, wchar_t **error);
typedef HRESULT(WINAPI *modify_call)(void *endpoint, const wchar_t *settings, wchar_t **error);
typedef HRESULT(WINAPI *close_call)(void *endpoint);

typedef struct network {
  enumerate_call enumerate;
  open_call open;
  modify_call modify;
  close_call close;
} network;

static int cannot(const char *why) {
  (void)printf("conntrail-probe: HNS cannot redirect here: %s\n", why);
  return EXIT_SUCCESS;
}

static bool find(HMODULE library, const char *name, void *call, size_t size) {
  FARPROC found = GetProcAddress(library, name);
  memcpy(call, &found, size);
  return found != NULL;
}

static bool load(HMODULE library, network *calls) {
  return find(library, "HcnEnumerateEndpoints", &calls->enumerate, sizeof calls->enumerate) &&
         find(library, "HcnOpenEndpoint", &calls->open, sizeof calls->open) &&
         find(library, "HcnModifyEndpoint", &calls->modify, sizeof calls->modify) &&
         find(library, "HcnCloseEndpoint", &calls->close, sizeof calls->close);
}

/* The list is JSON: the first text in it that is as long as an identity. */
static bool first_identity(const wchar_t *ids, GUID *identity) {
  unsigned long a;
  unsigned short b;
  unsigned short c;
  unsigned d[8];
  const wchar_t *quote = ids != NULL ? wcschr(ids, L'"') : NULL;
  if (quote == NULL || wcslen(quote + 1) < ID_LENGTH ||
      swscanf(quote + 1, L"%8lx-%4hx-%4hx-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, &d[0], &d[1],
              &d[2], &d[3], &d[4], &d[5], &d[6], &d[7]) != 11) {
    return false;
  }
  *identity = (GUID){.Data1 = a, .Data2 = b, .Data3 = c};
  for (unsigned i = 0; i < 8; i++) {
    identity->Data4[i] = (unsigned char)d[i];
  }
  return true;
}

/* [S] The local system's own connections, among them the proxy's, are left alone (UserSID). */
static bool add_policy(const network *calls, void *endpoint, const probe_target *target) {
  wchar_t settings[SETTINGS];
  wchar_t *error = NULL;
  unsigned proxy = ntohs(((const struct sockaddr_in *)&target->proxy)->sin_port);
  unsigned port = ntohs(((const struct sockaddr_in *)&target->destination)->sin_port);
  int length = swprintf(
      settings, SETTINGS,
      L"{\"ResourceType\":\"Policy\",\"RequestType\":\"Add\",\"Settings\":{\"Policies\":[{\"Type\":"
      L"\"L4WFPPROXY\",\"Settings\":{\"OutboundProxyPort\":\"%u\",\"UserSID\":\"S-1-5-18\","
      L"\"FilterTuple\":{\"Protocols\":\"6\",\"RemotePorts\":\"%u\"}}}]}}",
      proxy, port);
  return length > 0 && SUCCEEDED(calls->modify(endpoint, settings, &error));
}

static int redirect(const network *calls, const probe_target *target) {
  wchar_t *ids = NULL;
  wchar_t *error = NULL;
  void *endpoint = NULL;
  GUID identity;
  if (FAILED(calls->enumerate(L"{}", &ids, &error))) {
    return cannot("its service does not list endpoints");
  }
  if (!first_identity(ids, &identity)) {
    return cannot("there is no endpoint; start a process-isolated container first");
  }
  if (FAILED(calls->open(&identity, &endpoint, &error))) {
    return cannot("the container's endpoint cannot be opened");
  }
  bool is_added = add_policy(calls, endpoint, target);
  (void)calls->close(endpoint);
  if (!is_added) {
    return cannot("it refuses the policy L4WFPPROXY; it needs HNS 13.2 or later");
  }
  (void)printf("conntrail-probe: HNS redirects now. Run conntrail-probe inside the container, with "
               "the same --redirected and --proxy.\n");
  return EXIT_SUCCESS;
}

int conntrail__probe_hns(const probe_options *options) {
  network calls;
  HMODULE library = LoadLibraryExW(L"computenetwork.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
  if (library == NULL || !load(library, &calls)) {
    return cannot(
        "this Windows has no computenetwork.dll; add the feature Containers (Server 2022)");
  }
  if (!conntrail__probe_is_elevated()) {
    return cannot("this prompt is not elevated");
  }
  if (!options->tcp.is_given) {
    return cannot("--redirected and --proxy say what to redirect, and to where");
  }
  return redirect(&calls, &options->tcp);
}
