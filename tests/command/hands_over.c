/* SPDX-License-Identifier: MIT */
/*
 * A server of the inetd kind: each connection that it accepts becomes descriptor 0 of another
 * program, started by the call of libc's that is named: hands_over CALL PORT [ROUNDS]. The other
 * program is this one again, "hands_over answer": it says where its client wanted to go.
 */
#define _GNU_SOURCE /* execvpe, execveat. No call with a socket address is defined here. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORIGINAL_DESTINATION = 80, THREADS = 3 };

extern char **environ;

static char self[4096];
static char folder[4096];
static const char *name; /* without its folder */
static char command[4200];
static char *arguments[] = {self, "answer", NULL};
static atomic_bool is_over;

static int answer(void) {
  struct sockaddr_in original;
  socklen_t size = sizeof original;
  char text[INET_ADDRSTRLEN + 1] = "unknown";
  if (getsockopt(0, IPPROTO_IP, ORIGINAL_DESTINATION, &original, &size) == 0) {
    inet_ntop(AF_INET, &original.sin_addr, text, sizeof text);
  }
  text[strlen(text)] = '\n';
  return write(0, text, strnlen(text, sizeof text)) > 0 ? 0 : 1;
}

static void become(const char *call) {
  if (strcmp(call, "execl") == 0) {
    execl(self, self, "answer", (char *)NULL);
  } else if (strcmp(call, "execlp") == 0) {
    execlp(name, self, "answer", (char *)NULL);
  } else if (strcmp(call, "execle") == 0) {
    execle(self, self, "answer", (char *)NULL, environ);
  } else if (strcmp(call, "execv") == 0) {
    execv(self, arguments);
  } else if (strcmp(call, "execvp") == 0) {
    execvp(name, arguments);
  } else if (strcmp(call, "execvpe") == 0) {
    execvpe(name, arguments, environ);
  } else if (strcmp(call, "fexecve") == 0) {
    fexecve(open(self, O_PATH | O_CLOEXEC), arguments, environ);
  } else if (strcmp(call, "execveat") == 0) {
    execveat(AT_FDCWD, self, arguments, environ, 0);
  } else {
    execve(self, arguments, environ);
  }
  _exit(126);
}

static void fork_and(const char *call, int accepted) {
  pid_t child = fork();
  if (child == 0) {
    dup2(accepted, 0);
    become(call);
  }
  waitpid(child, NULL, 0);
}

static void vfork_and_exec(int accepted) {
  /* NOLINTNEXTLINE(bugprone-unsafe-functions): vfork is what is tested */
  pid_t child = vfork();
  if (child == 0) {
    dup2(accepted, 0);
    execve(self, arguments, environ);
    _exit(126);
  }
  waitpid(child, NULL, 0);
}

static void spawn(const char *call, int accepted) {
  posix_spawn_file_actions_t actions;
  pid_t child = 0;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, accepted, 0);
  if ((strcmp(call, "posix_spawn") == 0
           ? posix_spawn(&child, self, &actions, NULL, arguments, environ)
           : posix_spawnp(&child, name, &actions, NULL, arguments, environ)) == 0) {
    waitpid(child, NULL, 0);
  }
  posix_spawn_file_actions_destroy(&actions);
}

/* The shell gets descriptor 0 of this process. */
static void by_shell(const char *call, int accepted) {
  int before = dup(0);
  dup2(accepted, 0);
  if (strcmp(call, "system") == 0) {
    (void)!system(command);
  } else {
    pclose(popen(command, "r"));
  }
  dup2(before, 0);
  close(before);
}

static void hand_over(const char *call, int accepted) {
  if (strcmp(call, "vfork") == 0) {
    vfork_and_exec(accepted);
  } else if (strncmp(call, "posix_spawn", 11) == 0) {
    spawn(call, accepted);
  } else if (strcmp(call, "system") == 0 || strcmp(call, "popen") == 0) {
    by_shell(call, accepted);
  } else {
    fork_and(call, accepted);
  }
}

static void *open_and_close(void *none) {
  while (!atomic_load(&is_over)) {
    close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  return none;
}

static int serve(const char *call, const char *port, int rounds) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 64) != 0) {
    perror("hands_over");
    return 1;
  }
  for (int i = 0; i < rounds; i++) {
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    hand_over(call, accepted);
    close(accepted);
  }
  return 0;
}

/* With threads beside it, whose sockets come and go while it looks for its own. */
static int serve_among_threads(const char *call, const char *port, int rounds) {
  pthread_t threads[THREADS];
  int result;
  for (int i = 0; i < THREADS; i++) {
    pthread_create(&threads[i], NULL, open_and_close, NULL);
  }
  result = serve(call, port, rounds);
  atomic_store(&is_over, true);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  return result;
}

/* So that the calls that look for a program find this one. */
static void find_self(void) {
  ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
  self[size > 0 ? size : 0] = '\0';
  memcpy(folder, self, sizeof folder);
  *strrchr(folder, '/') = '\0';
  name = strrchr(self, '/') + 1;
  setenv("PATH", folder, 1);
  snprintf(command, sizeof command, "exec %s answer", self);
}

int main(int count, char **values) {
  find_self();
  if (count == 2) {
    return answer();
  }
  if (count == 4) {
    return serve_among_threads(values[1], values[2], (int)strtol(values[3], NULL, 10));
  }
  return count == 3 ? serve(values[1], values[2], 1000000) : 2;
}
