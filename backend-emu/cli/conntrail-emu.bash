# SPDX-License-Identifier: MIT
# bash completion of conntrail-emu; installed where bash-completion looks for it.

_conntrail_emu() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} i
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "run serve attach check profile trail doctor --help --version" -- "$word")
    return
  fi
  # Behind "--" stands another program's command line.
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [ "${COMP_WORDS[i]}" = -- ]; then
      if [ $((i + 1)) -eq "$COMP_CWORD" ]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
    fi
  done
  case $before in
    --trail | --socket | --control | --junit | --tap)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --fail-on)
      mapfile -t COMPREPLY < <(compgen -W "loop misuse undelivered escape refused none" -- "$word")
      return
      ;;
  esac
  case $command:$word in
    run:-*) mapfile -t COMPREPLY < <(compgen -W "--trail --quiet --fail-on --junit --tap --control --strict --wait-all --" -- "$word") ;;
    serve:-*) mapfile -t COMPREPLY < <(compgen -W "--socket --trail --quiet --fail-on --junit --tap --control --strict" -- "$word") ;;
    attach:-*) mapfile -t COMPREPLY < <(compgen -W "--" -- "$word") ;;
    trail:-*) mapfile -t COMPREPLY < <(compgen -W "--json --html" -- "$word") ;;
    profile:*)
      mapfile -t COMPREPLY < <(compgen -W "documented measured contrary" -- "$word"
        compgen -f -X '!*.json' -- "$word"; compgen -d -- "$word")
      ;;
    run:* | serve:* | check:*) mapfile -t COMPREPLY < <(compgen -f -X '!*.json' -- "$word"; compgen -d -- "$word") ;;
    attach:* | trail:*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}
complete -o filenames -F _conntrail_emu conntrail-emu
