# fish completion of kernad(1): commands and options are those that kernad's own help shows

function __kernad_command
    set -l words (commandline -opc)
    set -q words[2]; and echo $words[2]
end

function __kernad_commands
    kernad --help 2>/dev/null | string match -rg '^  ([a-z]+ {2,}.+)$' | string replace -r ' {2,}' \t
end

function __kernad_options
    kernad (__kernad_command) --help 2>/dev/null | string match -rg '^  (?:-\w,)?(--[-\w]+)'
end

complete -c kernad -n 'not __kernad_command >/dev/null' -f -a '(__kernad_commands)'
complete -c kernad -n 'not __kernad_command >/dev/null' -f -a '--help --version'
complete -c kernad -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__kernad_options)'
