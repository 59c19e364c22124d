#compdef conntrail-emu
# SPDX-License-Identifier: MIT
# zsh completion of conntrail-emu; installed as _conntrail-emu, where zsh looks for completions.

_conntrail_emu() {
  local -a subcommands trail socket quiet waiting scenario
  subcommands=('run:run a program in a scenario' 'serve:serve a scenario until a signal'
    'attach:become a program, under a supervisor that serves' 'check:say where a scenario or a profile is wrong'
    'profile:print a profile' 'doctor:say what this system lacks'
    'trail:show a trail that was written')
  trail=('--trail[write the trail as JSON Lines]:file:_files')
  socket=('--socket[where programs attach]:socket:_files')
  quiet=('--quiet[do not print the trail and the summary]'
    '--fail-on[what makes the run fail]:what:(loop misuse undelivered escape refused none)'
    '--junit[write what was checked as XML]:file:_files' '--tap[write what was checked as TAP]:file:_files'
    '--control[where tests change and read the run]:socket:_files'
    '--strict[exit with 126 when something cannot be supervised]')
  waiting=('--wait-all[wait for what the program leaves behind]')
  scenario=('1:scenario:_files -g "*.json(-.)"')

  if ((CURRENT == 2)); then
    _arguments '--help[say what there is]' '--version[say which version it is]' &&
      return
    _describe -t commands command subcommands
    return
  fi
  # Behind "--" stands another program's command line.
  local -i end=${words[(i)--]}
  if ((end < CURRENT)); then
    shift end words
    ((CURRENT -= end))
    _normal -p conntrail-emu
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    run) _arguments $trail $quiet $waiting $scenario '2: :(--)' ;;
    serve) _arguments $socket $trail $quiet $scenario ;;
    attach) _arguments '1:socket:_files' '2: :(--)' ;;
    check) _arguments $scenario ;;
    profile)
      if [[ $words[CURRENT] == */* ]]; then
        _arguments $scenario
      else
        _arguments '1:profile:(documented measured contrary)'
      fi
      ;;
    trail) _arguments '(--html)--json[its events as they are]' '(--json)--html[one page for a browser]' \
      '1:trail:_files' ;;
  esac
}

_conntrail_emu "$@"
