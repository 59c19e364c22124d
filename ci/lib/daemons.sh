# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A package of Debian's that holds a daemon starts and enables it. Who wants to run tests has not
# asked for a web server: tests start their own. From hold_daemons to release_daemons none starts
# that was not there before, and none of these is enabled afterwards. Those that were there before
# are left alone, restarts by their own packages included.
# Wants say (ci/lib/say.sh).

policy=/usr/sbin/policy-rc.d # asked by invoke-rc.d and deb-systemd-invoke, whatever starts daemons
policy_is_ours=false
daemons_before=
daemons_root=()

# A package that was removed, and not purged, leaves its init script behind.
list_init_scripts() {
  local script owner
  for script in /etc/init.d/*; do
    owner=$(dpkg-query --search "$script" 2>/dev/null) || owner=
    # shellcheck disable=SC2016 # dpkg-query expands it
    if [ -z "$owner" ] ||
      [ "$(dpkg-query --show --showformat='${db:Status-Status}' "${owner%%:*}")" = installed ]; then
      printf '%s\n' "${script##*/}"
    fi
  done
}

# Units and init scripts, by the name that both have. /dev/null stands for a unit that is masked,
# which such a package leaves behind as well.
list_daemons() {
  {
    find /etc/systemd/system /lib/systemd/system /usr/lib/systemd/system -maxdepth 1 \
      ! -type d ! -lname /dev/null -printf '%f\n' 2>/dev/null || true
    list_init_scripts
  } | sed 's/\.service$//' | sort -u
}

# It has no effect where this process could not take it away again.
write_policy() {
  cat <<END
#!/bin/sh
# Written by conntrail's ci/setup, for as long as it runs.
[ -d /proc/$$ ] || exit 0
for word in "\$@"; do
  case \$word in --*) continue ;; esac
  ! grep -qxF -- "\${word%.service}" "$daemons_before" || exit 0
  exit 101
done
END
}

# hold_daemons [COMMAND...]: what makes a command root's.
hold_daemons() {
  daemons_root=("$@")
  daemons_before=$(mktemp)
  chmod a+r "$daemons_before"
  list_daemons >"$daemons_before"
  # Where there is a policy, it is the owner's.
  if write_policy |
    "${daemons_root[@]}" sh -c 'set -C && cat >"$1" && chmod 755 "$1"' sh "$policy" 2>/dev/null; then
    policy_is_ours=true
  fi
}

# disable_daemon NAME: stopped as well, where the owner's policy has let it start.
disable_daemon() {
  local now=()
  [ ! -d /run/systemd/system ] || now=(--now)
  "${daemons_root[@]}" systemctl --quiet disable "${now[@]}" "$1" >/dev/null 2>&1 ||
    say "$1 is enabled and should not be: systemctl disable --now $1" >&2
}

release_daemons() {
  local name names=() off=()
  [ -n "$daemons_before" ] || return 0
  if command -v systemctl >/dev/null; then
    mapfile -t names < <(list_daemons | comm -13 "$daemons_before" -)
  fi
  for name in "${names[@]}"; do
    if [ "$(systemctl is-enabled "$name" 2>/dev/null)" = enabled ]; then
      disable_daemon "$name"
      off+=("$name")
    fi
  done
  [ ${#off[@]} -eq 0 ] || say "neither started nor enabled: ${off[*]} (tests start their own)"
  if $policy_is_ours; then
    "${daemons_root[@]}" rm -f "$policy"
  fi
  rm -f "$daemons_before"
}
