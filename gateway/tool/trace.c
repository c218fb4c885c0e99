/* SPDX-License-Identifier: MIT */
#include "tool/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "system/io.h"

enum { TRACE_MAX_BYTES = 256 * 1024 * 1024 };

static size_t leave_zeros_out(char *bytes, size_t len)
{
	size_t kept = 0;
	for (size_t i = 0; i < len; i++)
		if (bytes[i])
			bytes[kept++] = bytes[i];
	return kept;
}

int trace_open(const struct spool *spool, enum folder folder, const char *name,
	struct trace *trace)
{
	auto_close int fd = -1;
	struct stat st;
	size_t len = 0;
	int r = spool_peek(spool, folder, name, &fd, &st);
	if (r < 0)
		return r;
	if (st.st_size > TRACE_MAX_BYTES)
		return -EFBIG;
	auto_free char *bytes = xcalloc((size_t)st.st_size + 1, 1);
	r = io_read(fd, bytes, (size_t)st.st_size, &len);
	if (r < 0)
		return r;
	trace->len = leave_zeros_out(bytes, len);
	trace->bytes = take_ptr(bytes);
	return 0;
}

void trace_done(struct trace *trace)
{
	free(trace->bytes);
	*trace = (struct trace){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind a tag, or in a CDATA section. */
static bool begins_content(const char *start, const char *at)
{
	while (at > start && is_blank(at[-1]))
		at--;
	return at > start && (at[-1] == '>' || at[-1] == '[');
}

static bool ends_content(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at == end || *at == '<' || *at == ']';
}

bool trace_has(const struct trace *trace, const char *number)
{
	const char *end = trace->bytes + trace->len;
	size_t len = number ? strlen(number) : 0;
	const char *at = trace->bytes;
	if (!len)
		return !number;
	while ((at = memmem(at, (size_t)(end - at), number, len))) {
		if (begins_content(trace->bytes, at) && ends_content(at + len, end))
			return true;
		at++;
	}
	return false;
}
