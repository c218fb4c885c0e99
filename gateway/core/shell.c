/* SPDX-License-Identifier: MIT
 *
 * A path that cannot be shown cannot be pasted either. Rejected for those: $'...', which
 * dash does not know, and $(...), which swallows a newline at the end.
 */
#include "core/shell.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static bool is_shown_as_it_is(const char *text)
{
	for (size_t left = strlen(text), step = 0; left; text += step, left -= step) {
		step = text_char_len(text, left);
		if (!step || text_is_control(text, step))
			return false;
	}
	return true;
}

static void add_quoted(struct buf *out, const char *path)
{
	buf_add_char(out, '\'');
	for (; *path; path++) {
		if (*path == '\'')
			buf_add_text(out, "'\\''");
		else
			buf_add_char(out, *path);
	}
	buf_add_char(out, '\'');
}

/* For the format of printf(1). '%' is doubled: dash looks for it after the escapes. */
static void add_escaped(struct buf *out, const char *path)
{
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		if (c == '%')
			buf_add_text(out, "%%");
		else if (c < 0x80 && (isalnum(c) || strchr(" /._-~+=:,@", c)))
			buf_add_char(out, *path);
		else
			buf_add_format(out, "\\%03o", c);
	}
}

void shell_add_move(struct buf *out, const char *from, const char *to)
{
	if (is_shown_as_it_is(from) && is_shown_as_it_is(to)) {
		buf_add_text(out, "mv ");
		add_quoted(out, from);
		buf_add_char(out, ' ');
		add_quoted(out, to);
		return;
	}
	buf_add_text(out, "printf '");
	add_escaped(out, from);
	buf_add_text(out, "\\000");
	add_escaped(out, to);
	buf_add_text(out, "\\000' | xargs -0 mv");
}
