/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "check.h"
#include "conntrail/conntrail.h"
#include "doctor.h"
#include "supervise.h"
#include "trail.h"
#include "verdict.h"

static const char help[] =
    "conntrail-emu: the emulation of WFP redirection for unmodified programs\n"
    "\n"
    "  conntrail-emu run [OPTION...] SCENARIO [-- PROGRAM [ARGUMENT...]]\n"
    "      starts the scenario's programs, its clients, then PROGRAM; ends them all; prints the "
    "trail and a\n"
    "      summary on stderr; exits with PROGRAM's code, 128 + N for signal N, 125 when it cannot\n"
    "      begin, 123 when the run is not as --fail-on and the scenario's \"expect\" want it\n"
    "        --trail FILE    write the trail as JSON Lines\n"
    "        --quiet         print neither trail nor summary\n"
    "        --fail-on LIST  of loop,misuse,undelivered,escape,refused, or none; loop,misuse "
    "unless\n"
    "                        said\n"
    "        --junit FILE, --tap FILE\n"
    "                        write what was checked\n"
    "        --strict        exit with 126 when something could not be supervised\n"
    "        --wait-all      wait for what PROGRAM leaves behind\n"
    "        --control PATH  tests change and read the run there: docs/reference/control.md\n"
    "  conntrail-emu serve [--socket PATH] [OPTION...] SCENARIO\n"
    "      the same without a PROGRAM, until SIGINT or SIGTERM; prints how to reach it\n"
    "  conntrail-emu attach SOCKET -- PROGRAM [ARGUMENT...]\n"
    "      becomes PROGRAM, under a supervisor that serves\n"
    "  conntrail-emu check SCENARIO|PROFILE\n"
    "      whether a scenario's or a profile's file is valid; FILE:LINE:COLUMN where it is not\n"
    "  conntrail-emu profile documented|measured|contrary|FILE\n"
    "      prints a profile as a file, to read it or to begin one of your own\n"
    "  conntrail-emu trail [--json | --html] FILE\n"
    "      a trail that --trail wrote, as text; its events as JSON, a line each; or a page for a\n"
    "      browser that shows who connected to whom and what each service decided\n"
    "  conntrail-emu doctor\n"
    "      what this system has of all that supervising programs needs, and the cure where not\n"
    "  conntrail-emu --help, --version\n"
    "\n"
    "Scenarios, the trail's fields and what cannot be watched: docs/reference/conntrail-emu.md\n";

static int misused(const char *what) {
  fprintf(stderr, "conntrail-emu: %s; conntrail-emu --help shows what there is\n", what);
  return CONNTRAIL__USAGE;
}

enum {
  SOCKET = 's',
  TRAIL = 't',
  QUIET = 'q',
  JSON = 'j',
  HTML = 'h',
  STRICT = 'r',
  WAIT_ALL = 'w',
  FAIL_ON = 'f',
  JUNIT = 'u',
  TAP = 'a',
  CONTROL = 'c'
};

static const struct option known[] = {{"socket", required_argument, NULL, SOCKET},
                                      {"trail", required_argument, NULL, TRAIL},
                                      {"quiet", no_argument, NULL, QUIET},
                                      {"json", no_argument, NULL, JSON},
                                      {"html", no_argument, NULL, HTML},
                                      {"strict", no_argument, NULL, STRICT},
                                      {"wait-all", no_argument, NULL, WAIT_ALL},
                                      {"fail-on", required_argument, NULL, FAIL_ON},
                                      {"junit", required_argument, NULL, JUNIT},
                                      {"tap", required_argument, NULL, TAP},
                                      {"control", required_argument, NULL, CONTROL},
                                      {NULL, 0, NULL, 0}};

/* False: the value makes no sense; said why. */
static bool take_option(int option, conntrail__run *asked, conntrail__trail_form *form) {
  switch (option) {
  case SOCKET:
    asked->socket = optarg;
    break;
  case TRAIL:
    asked->trail = optarg;
    break;
  case JUNIT:
    asked->junit = optarg;
    break;
  case TAP:
    asked->tap = optarg;
    break;
  case CONTROL:
    asked->control = optarg;
    break;
  case QUIET:
    asked->is_quiet = true;
    break;
  case STRICT:
    asked->is_strict = true;
    break;
  case WAIT_ALL:
    asked->waits_for_all = true;
    break;
  case FAIL_ON:
    if (!conntrail__verdict_read(optarg, &asked->fail_on)) {
      (void)misused("--fail-on wants \"none\", or some of loop,misuse,undelivered,escape,refused");
      return false;
    }
    break;
  default:
    *form = option == JSON ? CONNTRAIL__TRAIL_JSON : CONNTRAIL__TRAIL_HTML;
    break;
  }
  return true;
}

/* The options of a command, as far as it has them. False: said why. */
static bool read_options(int count, char **arguments, const char *has, conntrail__run *asked,
                         conntrail__trail_form *form) {
  int option;
  while ((option = getopt_long(count, arguments, "+", known, NULL)) != -1) {
    if (option == '?' || strchr(has, option) == NULL) {
      (void)misused(option == '?' ? "that option is unknown, or has no value"
                                  : "this command has no such option");
      return false;
    }
    if (!take_option(option, asked, form)) {
      return false;
    }
  }
  return true;
}

static int run(int count, char **arguments) {
  conntrail__run asked = {.fail_on = CONNTRAIL__FAIL_DEFAULT};
  conntrail__trail_form ignored;
  if (!read_options(count, arguments, "tqrwfuac", &asked, &ignored)) {
    return CONNTRAIL__USAGE;
  }
  const int given = count - optind;
  if (given != 1 && (given < 3 || strcmp(arguments[optind + 1], "--") != 0)) {
    return misused("run wants SCENARIO -- PROGRAM");
  }
  asked.scenario = arguments[optind];
  asked.command = given == 1 ? NULL : arguments + optind + 2;
  return conntrail__supervise_scenario(&asked);
}

static int serve(int count, char **arguments) {
  conntrail__run asked = {.fail_on = CONNTRAIL__FAIL_DEFAULT};
  conntrail__trail_form ignored;
  if (!read_options(count, arguments, "stqrfuac", &asked, &ignored)) {
    return CONNTRAIL__USAGE;
  }
  if (count - optind != 1) {
    return misused("serve wants one SCENARIO");
  }
  asked.scenario = arguments[optind];
  asked.is_serving = true;
  return conntrail__supervise_scenario(&asked);
}

static int attach(int count, char **arguments) {
  return count < 4 || strcmp(arguments[2], "--") != 0
             ? misused("attach wants SOCKET -- PROGRAM")
             : conntrail__attach(arguments[1], arguments + 3);
}

static int check(int count, char **arguments) {
  return count == 2 ? conntrail__check_file(arguments[1])
                    : misused("check wants one SCENARIO or one PROFILE");
}

static int profile(int count, char **arguments) {
  return count == 2 ? conntrail__show_profile(arguments[1])
                    : misused("profile wants the name of one, or one FILE");
}

static int doctor(int count, char **arguments) {
  (void)arguments;
  return count == 1 ? conntrail__doctor() : misused("doctor takes no arguments");
}

static int trail(int count, char **arguments) {
  conntrail__run ignored = {.fail_on = 0};
  conntrail__trail_form form = CONNTRAIL__TRAIL_TEXT;
  char why[600];
  FILE *file;
  bool is_valid;
  if (!read_options(count, arguments, "jh", &ignored, &form)) {
    return CONNTRAIL__USAGE;
  }
  if (count - optind != 1) {
    return misused("trail wants one FILE");
  }
  file = fopen(arguments[optind], "re");
  if (file == NULL) {
    fprintf(stderr, "conntrail-emu: %s: %s\n", arguments[optind], strerror(errno));
    return 1;
  }
  is_valid = conntrail__trail_print(arguments[optind], file, stdout, form, why, sizeof why);
  fclose(file);
  if (!is_valid) {
    fprintf(stderr, "conntrail-emu: %s\n", why);
  }
  return is_valid ? 0 : 1;
}

static const struct {
  const char *name;
  int (*perform)(int count, char **arguments);
} commands[] = {{"run", run},         {"serve", serve}, {"attach", attach}, {"check", check},
                {"profile", profile}, {"trail", trail}, {"doctor", doctor}};

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int perform(int count, char **arguments) {
  char text[100];
  if (count < 2) {
    fputs(help, stderr);
    return CONNTRAIL__USAGE;
  }
  if (is_help(arguments[1]) || (count > 2 && arguments[2][0] == '-' && is_help(arguments[2]))) {
    fputs(help, stdout);
    return 0;
  }
  if (strcmp(arguments[1], "--version") == 0) {
    printf("conntrail-emu %s\n", CONNTRAIL_VERSION_TEXT);
    return 0;
  }
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(arguments[1], commands[i].name) == 0) {
      return commands[i].perform(count - 1, arguments + 1);
    }
  }
  snprintf(text, sizeof text, "\"%.60s\" is no command", arguments[1]);
  return misused(text);
}

int main(int count, char **arguments) {
  int code = perform(count, arguments);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    fprintf(stderr, "conntrail-emu: standard output: %s\n", strerror(errno == 0 ? EIO : errno));
    return code == 0 ? CONNTRAIL__INCOMPLETE : code;
  }
  return code;
}
