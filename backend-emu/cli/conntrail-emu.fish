# SPDX-License-Identifier: MIT
# fish completion of conntrail-emu; installed where fish looks for it.

# Whether one of these commands is given, and its own arguments are still written.
function __conntrail_emu_in
  set -l words (commandline -opc)
  contains -- "$words[2]" $argv; and not contains -- -- $words
end

function __conntrail_emu_is_behind
  contains -- -- (commandline -opc)
end

# Behind "--" stands another program's command line.
function __conntrail_emu_program
  set -l words (commandline -opc)
  set -l end (contains -i -- -- $words)
  set -e words[1..$end]
  complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

complete -c conntrail-emu -f
complete -c conntrail-emu -n __fish_use_subcommand -a run -d 'run a program in a scenario'
complete -c conntrail-emu -n __fish_use_subcommand -a serve -d 'serve a scenario until a signal'
complete -c conntrail-emu -n __fish_use_subcommand -a attach -d 'become a program, under a supervisor that serves'
complete -c conntrail-emu -n __fish_use_subcommand -a check -d 'say where a scenario or a profile is wrong'
complete -c conntrail-emu -n __fish_use_subcommand -a profile -d 'print a profile'
complete -c conntrail-emu -n __fish_use_subcommand -a doctor -d 'say what this system lacks'
complete -c conntrail-emu -n __fish_use_subcommand -a trail -d 'show a trail that was written'
complete -c conntrail-emu -n __fish_use_subcommand -l help -d 'say what there is'
complete -c conntrail-emu -n __fish_use_subcommand -l version -d 'say which version it is'

complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l trail -rF -d 'write the trail as JSON Lines'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l quiet -d 'do not print the trail and the summary'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l fail-on -x -a 'loop misuse undelivered escape refused none' -d 'what makes the run fail'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l junit -rF -d 'write what was checked as XML'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l tap -rF -d 'write what was checked as TAP'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l control -rF -d 'where tests change and read the run'
complete -c conntrail-emu -n '__conntrail_emu_in run serve' -l strict -d 'exit with 126 when something cannot be supervised'
complete -c conntrail-emu -n '__conntrail_emu_in run' -l wait-all -d 'wait for what the program leaves behind'
complete -c conntrail-emu -n '__conntrail_emu_in serve' -l socket -rF -d 'where programs attach'
complete -c conntrail-emu -n '__conntrail_emu_in trail' -l json -d 'its events as they are'
complete -c conntrail-emu -n '__conntrail_emu_in trail' -l html -d 'one page for a browser'
complete -c conntrail-emu -n '__conntrail_emu_in run attach' -a -- -d 'then the program'
complete -c conntrail-emu -n '__conntrail_emu_in profile' -a 'documented measured contrary'
complete -c conntrail-emu -n '__conntrail_emu_in run serve check profile' -a '(__fish_complete_suffix .json)'
complete -c conntrail-emu -n '__conntrail_emu_in attach trail' -F
complete -c conntrail-emu -n __conntrail_emu_is_behind -a '(__conntrail_emu_program)'
