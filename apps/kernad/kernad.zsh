#compdef kernad
# zsh completion of kernad(1)

_kernad() {
  local -a common table by fit sketch calibrate predict embed watch test compare explain info
  common=(
    '--threads[threads to use]:threads:'
    '--json[print one JSON object]'
    '(-h --help)'{-h,--help}'[show help]'
  )
  table=(
    '--header[whether the first line names the columns]:when:(auto present absent)'
    '--delimiter[what separates the columns]:delimiter:(auto comma semicolon tab pipe)'
    '--decimal[the decimal mark]:mark:(auto point comma)'
    '--missing[rows that lack a value]:how:(refuse skip)'
    '*--columns[columns that are features]:columns:'
    '*--ignore[columns to leave out]:columns:'
    '*--id[columns that say what a row is called]:columns:'
  )
  by=('--columns-by[how columns that the model knows by name are found]:how:(name position)')
  fit=(
    '(-o --output)'{-o,--output}'[model file to write]:model:_files'
    '--components[principal components, share of the variance, or all]:count, share or all:(all)'
    '--standardize[bring each column to standard deviation 1]'
    '--bandwidth[bandwidth factor]:rule or number:(scott silverman loo)'
    '--covariance[kernel shape]:covariance:(full ledoit-wolf oas isotropic)'
    '--local[widen kernels where rows are sparse]:alpha:'
    '--all-rows[components and column scales of all rows, not of the sample]'
    '--scaling[how features are scaled]:method:(scale norm)'
    '--auto[choose all of the above from the training rows]'
    '--max-training-points[of more rows a sample is used]:rows:'
    '--seed[seed of that sample]:seed:'
    '--labels[labels: a column or a file]:labels:_files'
    '--normal-label[the label of normal rows]:label:'
    '--target-fpr[calibrate for this false-positive rate]:rate:'
    '--weights[how often each row counts: a column or a file]:weights:_files'
    '--folds[calibrate by this many refits]:folds:'
    '--backbone[network for images]:network:_files'
    '--layers[its layers that are used]:names:'
    '--size[side that images are scaled to]:pixels:'
    '--spatial-width[how far positions blur, in patches]:patches:'
    '--mask[image whose white regions are ignored]:image:_files'
    '--tile[side of tiles that images are cut into]:pixels:'
    '--odd[an image far beyond all others]:what:(reference leave-out keep)'
    '--keep-going[report unreadable images and continue]'
    '*:training data:_files'
  )
  sketch=(
    '(-o --output)'{-o,--output}'[sketch to write]:sketch:_files'
    '--forget[file with the ids of rows to forget]:ids:_files'
    "--first-row[number of the part's first row in the data set]:row:"
    '--max-training-points[of more rows a sample is used]:rows:'
    '--seed[seed of that sample]:seed:'
    '--all-rows[gather components and column scales of all rows]'
    '--labels[column of labels]:column:'
    '--normal-label[the label of normal rows]:label:'
    '--weights[how often each row counts: a column or a file]:weights:_files'
    '*:data:_files'
  )
  calibrate=(
    '(-o --output)'{-o,--output}'[model file to write instead]:model:_files'
    '(--threshold --probability --f1)--target-fpr[threshold of this false-positive rate]:rate:'
    '(--target-fpr --probability --f1)--threshold[a log_density]:log_density:'
    '(--target-fpr --threshold --f1)--probability[threshold of this probability]:probability:'
    '(--target-fpr --threshold --probability --normals)--f1[threshold of largest F1 on labelled rows]:data:_files'
    '(--f1)--normals[calibrate on these normal rows]:data:_files'
    '--labels[labels: a column or a file]:labels:_files'
    '--normal-label[the label of normal rows]:label:'
    ':model:_files'
  )
  predict=(
    '(-o --output)'{-o,--output}'[file to write]:scores:_files'
    '--labels[column that is a label]:column:'
    '--fdr[label at this false-discovery rate]:rate:'
    '--top[write only the most anomalous rows]:rows:'
    '--only-anomalous[write only the rows with label 1]'
    "--append[write scores next to the input's columns]"
    '--no-pruning[sum over every training row]'
    '--heatmaps[folder for heat maps of images]:folder:_files -/'
    '--keep-going[report unreadable images and continue]'
    ':model:_files' '*:data:_files'
  )
  embed=(
    '(-o --output)'{-o,--output}'[file to write]:rows:_files'
    '--backbone[network for images]:network:_files'
    '--layers[its layers that are used]:names:'
    '--size[side that images are scaled to]:pixels:'
    '--keep-going[report unreadable images and continue]'
    '*:images:_files'
  )
  watch=(
    '--heatmaps[folder for heat maps]:folder:_files -/'
    '--count[stop after this many images]:images:'
    ':model:_files' ':folder:_files -/'
  )
  test=(
    '--labels[labels: a column or a file]:labels:_files'
    '--normal-label[the label of normal rows]:label:'
    '--report[page to write]:page:_files'
    '--no-pruning[sum over every training row]'
    ':model:_files' '*:data:_files'
  )
  compare=(
    '--alpha[how often rows without drift may be called drifted]:rate:'
    '--show[how many columns]:columns:'
    '--labels[column that is a label]:column:'
    '--no-pruning[sum over every training row]'
    ':model:_files' '*:data:_files'
  )
  explain=(
    '--row[row to explain, counted from 0, or its id]:row:'
    '--nearest[how many of the nearest training rows]:rows:'
    '--show[how many components and columns]:columns:'
    '--labels[column that is a label]:column:'
    ':model:_files' '*:data:_files'
  )
  info=('--json[print one JSON object]' '(-h --help)'{-h,--help}'[show help]' ':model:_files')

  if (( CURRENT == 2 )); then
    _arguments '(-h --help)'{-h,--help}'[show help]' '--version[show the version]' \
      ':command:((fit\:"learn a model" sketch\:"sample one part of a data set" calibrate\:"set a threshold" predict\:"score rows" embed\:"turn images into rows" watch\:"judge images as they arrive" test\:"measure a model" compare\:"tell whether new rows have drifted" explain\:"tell why a row has its score" info\:"show a model or this build"))'
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    fit) _arguments $fit $table $common ;;
    sketch) _arguments $sketch $table $common ;;
    calibrate) _arguments $calibrate $table $by $common ;;
    predict) _arguments $predict $table $by $common ;;
    embed) _arguments $embed $common ;;
    watch) _arguments $watch $common ;;
    test) _arguments $test $table $by $common ;;
    compare) _arguments $compare $table $by $common ;;
    explain) _arguments $explain $table $by $common ;;
    info) _arguments $info ;;
  esac
}

_kernad "$@"
