#compdef kernad
# zsh completion of kernad(1)

_kernad() {
  local -a common fit predict test info
  common=(
    '--threads[threads to use]:threads:'
    '--header[whether the first line names the columns]:when:(auto present absent)'
    '--json[print one JSON object]'
    '(-h --help)'{-h,--help}'[show help]'
  )
  fit=(
    '(-o --output)'{-o,--output}'[model file to write]:model:_files'
    '--components[principal components, share of the variance, or all]:count, share or all:(all)'
    '--standardize[bring each column to standard deviation 1]'
    '--bandwidth[bandwidth factor]:rule or number:(scott silverman loo)'
    '--covariance[kernel shape]:covariance:(full ledoit-wolf oas isotropic)'
    '--local[widen kernels where rows are sparse]:alpha:'
    '--scaling[how features are scaled]:method:(scale norm)'
    '--max-training-points[of more rows a sample is used]:rows:'
    '--seed[seed of that sample]:seed:'
    '--labels[labels: a column or a file]:labels:_files'
    ':training data:_files'
  )
  predict=(
    '(-o --output)'{-o,--output}'[file to write]:scores:_files'
    '--labels[column that is a label]:column:'
    '--no-pruning[sum over every training row]'
    ':model:_files' ':data:_files'
  )
  test=(
    '--labels[labels: a column or a file]:labels:_files'
    '--no-pruning[sum over every training row]'
    ':model:_files' ':data:_files'
  )
  info=('--json[print one JSON object]' '(-h --help)'{-h,--help}'[show help]' ':model:_files')

  if (( CURRENT == 2 )); then
    _arguments '(-h --help)'{-h,--help}'[show help]' '--version[show the version]' \
      ':command:((fit\:"learn a model" predict\:"score rows" test\:"measure a model" info\:"show a model or this build"))'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    fit) _arguments $fit $common ;;
    predict) _arguments $predict $common ;;
    test) _arguments $test $common ;;
    info) _arguments $info ;;
  esac
}

_kernad "$@"
