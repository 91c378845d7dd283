# bash completion of kernad(1)

_kernad() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= word options
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in fit | sketch | calibrate | predict | embed | watch | test | compare | explain | info) command=$word && break ;; esac
  done
  COMPREPLY=()

  case $prev in
    --bandwidth) mapfile -t COMPREPLY < <(compgen -W 'scott silverman loo' -- "$cur") && return ;;
    --covariance) mapfile -t COMPREPLY < <(compgen -W 'full ledoit-wolf oas isotropic' -- "$cur") && return ;;
    --scaling) mapfile -t COMPREPLY < <(compgen -W 'scale norm' -- "$cur") && return ;;
    --delimiter) mapfile -t COMPREPLY < <(compgen -W 'auto comma semicolon tab pipe' -- "$cur") && return ;;
    --decimal) mapfile -t COMPREPLY < <(compgen -W 'auto point comma' -- "$cur") && return ;;
    --missing) mapfile -t COMPREPLY < <(compgen -W 'refuse skip' -- "$cur") && return ;;
    --columns-by) mapfile -t COMPREPLY < <(compgen -W 'name position' -- "$cur") && return ;;
    --header) mapfile -t COMPREPLY < <(compgen -W 'auto present absent' -- "$cur") && return ;;
    --components) mapfile -t COMPREPLY < <(compgen -W 'all' -- "$cur") && return ;;
    --local | --max-training-points | --seed | --threads | --folds | --alpha | --target-fpr | --threshold | --probability | --fdr | --row | --count | --first-row | --nearest | --show | --columns | --ignore | --id | --normal-label | --top | --layers | --size | --tile | --spatial-width) return ;;
  esac

  local table='--header --delimiter --decimal --missing --columns --ignore --id' common='--threads --json --help'
  case $command in
    fit)
      options="--output --components --standardize --bandwidth --covariance --local --scaling --all-rows --auto --max-training-points"
      options+=" --seed --labels --normal-label --weights --target-fpr --folds $table $common"
      options+=" --backbone --layers --size --spatial-width --mask --tile --odd --keep-going"
      ;;
    sketch) options="--output --forget --first-row --max-training-points --seed --all-rows --labels --normal-label --weights $table $common" ;;
    calibrate) options="--target-fpr --threshold --probability --f1 --normals --labels --normal-label --output $table --columns-by $common" ;;
    predict) options="--output --labels --fdr --top --only-anomalous --append --no-pruning --heatmaps --keep-going $table --columns-by $common" ;;
    embed) options="--output --backbone --layers --size --keep-going $common" ;;
    watch) options="--heatmaps --count $common" ;;
    test) options="--labels --normal-label --report --no-pruning $table --columns-by $common" ;;
    compare) options="--alpha --show --labels --no-pruning $table --columns-by $common" ;;
    explain) options="--row --nearest --show --labels $table --columns-by $common" ;;
    info) options='--json --help' ;;
    *) options='fit sketch calibrate predict embed watch test compare explain info --help --version' ;;
  esac
  if [[ $cur == -* || -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  else
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}

complete -F _kernad kernad
