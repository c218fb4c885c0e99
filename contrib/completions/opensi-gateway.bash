# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion of opensi-gateway(8) for bash; the options are those that it tells by --help

_opensi_gateway() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	case $previous in
	-c | --config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help 2>/dev/null |
			sed -nE 's/^  (-.), (--[a-z]+) .*/\1 \2/p')" -- "$current")
		;;
	esac
}

complete -F _opensi_gateway opensi-gateway
