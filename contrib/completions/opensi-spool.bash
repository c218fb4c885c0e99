# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion of opensi-spool(1) for bash
#
# Options and commands are those that the program itself tells by --help, so they are right
# for the version that is installed; sites and names are asked of it too, with the -c and
# -s that stand on the line.

# The options that a help tells, short and long.
_opensi_options() {
	sed -nE 's/^  (-., |    )(--[a-z-]+) .*/\1\2/p' | tr -d ' ' | tr ',' '\n'
}

# The commands that a help tells.
_opensi_commands() {
	sed -nE 's/^  ([a-z]+) .*/\1/p'
}

# WORD: of the lines read, what begins like it, quoted for the command line.
_opensi_offer() {
	local word=$1 candidate
	while IFS= read -r candidate; do
		[[ $candidate != "$word"* ]] || COMPREPLY+=("$(printf %q "$candidate")")
	done
}

_opensi_offer_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# What the program says about the spools, as far as the user may read it.
_opensi_ask() {
	"${asked[@]}" "$@" 2>/dev/null
}

_opensi_sites() {
	_opensi_ask status --json | grep -o '"name":"[^"]*"' | cut -d '"' -f 4
}

# Of one command, or of all of them: any may stand before the command.
_opensi_all_options() {
	local program=${COMP_WORDS[0]} each
	for each in ${command:-$("$program" --help 2>/dev/null | _opensi_commands)}; do
		"$program" "$each" --help 2>/dev/null | _opensi_options
	done | sort -u
}

# The days of sent/. Where that is, the program says of a day on which nothing was sent.
_opensi_days() {
	local sent day
	"${asked[@]}" list sent/1970-01-01 2>&1 >/dev/null |
		sed -n 's|^opensi-spool: \(.*\)/sent/1970-01-01: .*|\1/sent|p' |
		while IFS= read -r sent; do
			for day in "$sent"/[0-9]*; do
				[ ! -d "$day" ] || printf 'sent/%s\n' "${day##*/}"
			done
		done | sort -u
}

# Words before the current one: sets command, and asked, which is the program with -c, -s.
_opensi_read_line() {
	local i word
	asked=("${COMP_WORDS[0]}") command=
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-c | --config | -s | --site)
			[ "${COMP_WORDS[i + 1]-}" != = ] || i=$((i + 1))
			[ $((++i)) -ge "$COMP_CWORD" ] ||
				asked+=("$word" "${COMP_WORDS[i]/#\~\//$HOME/}")
			;;
		--)
			break
			;;
		-*)
			_opensi_wants_argument "$word" || continue
			[ "${COMP_WORDS[i + 1]-}" != = ] || i=$((i + 1))
			i=$((i + 1))
			;;
		*)
			command=${command:-$word}
			;;
		esac
	done
}

# Of any command.
_opensi_wants_argument() {
	case $1 in
	-c | --config | -s | --site | -o | --order | -i | --comment | --older-than | \
		--warning | --critical) return 0 ;;
	esac
	return 1
}

# WORD FOLDER...
_opensi_offer_names_in() {
	local word=$1 folder
	shift
	for folder; do
		_opensi_offer "$word" < <(_opensi_ask list "$folder")
	done
}

_opensi_offer_arguments() {
	case $command in
	list)
		_opensi_offer "$1" < <(printf '%s\n' incoming sending sent failed)
		[[ $1 != sent/* ]] || _opensi_offer "$1" < <(_opensi_days)
		;;
	retry)
		_opensi_offer_names_in "$1" failed
		;;
	show)
		_opensi_offer_names_in "$1" failed sending incoming
		;;
	check | envelope)
		_opensi_offer_files "$1"
		;;
	esac
}

_opensi_spool() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local asked command
	COMPREPLY=()
	# --config=FILE is three words for bash.
	[ "$current" != = ] || current=
	[ "$previous" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
	_opensi_read_line
	case $previous in
	-c | --config)
		_opensi_offer_files "$current"
		return
		;;
	-s | --site)
		_opensi_offer "$current" < <(_opensi_sites)
		return
		;;
	esac
	if _opensi_wants_argument "$previous"; then
		return
	elif [[ $current == -* ]]; then
		_opensi_offer "$current" < <(_opensi_all_options)
	elif [ -z "$command" ]; then
		_opensi_offer "$current" < <("${COMP_WORDS[0]}" --help 2>/dev/null |
			_opensi_commands)
	else
		_opensi_offer_arguments "$current"
	fi
}

complete -F _opensi_spool opensi-spool
