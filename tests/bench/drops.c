/* SPDX-License-Identifier: MIT
 *
 * Makes comment files, always the same ones: every comment has an order of its own.
 *
 *	drops FOLDER FILES COMMENTS FIRST
 *
 * FILES files of COMMENTS comments each, numbered from FIRST. They appear in place and
 * unfinished, so nobody may be watching the folder meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/buf.h"

#define FILE_BYTES ((size_t)64 * 1024 * 1024)
#define HEAD                                                                             \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                   \
	"<open:Comments xmlns:open=\"http://www.opensi.fr\" "                            \
	"xmlns:xsd=\"http://www.opensi.fr/xsd\">\n"
#define TAIL "</open:Comments>\n"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void add_comment(struct buf *document, uint64_t number)
{
	buf_add_format(document,
		"  <open:Comment>\n"
		"    <xsd:OrderNumber>CC%09" PRIu64 "</xsd:OrderNumber>\n"
		"    <xsd:WebOrderNumber>WEB-%" PRIu64 "</xsd:WebOrderNumber>\n"
		"    <xsd:CommentId>%" PRIu64 "</xsd:CommentId>\n"
		"    <xsd:Comment>Votre colis n° %" PRIu64 " a été confié à notre "
		"transporteur ce matin &amp; vous sera livré d’ici deux jours ouvrés."
		"</xsd:Comment>\n"
		"    <xsd:CommentDate>2026-05-%02" PRIu64 "</xsd:CommentDate>\n"
		"    <xsd:SendMail>%s</xsd:SendMail>\n"
		"    <xsd:VisibleForCustomer>true</xsd:VisibleForCustomer>\n"
		"  </open:Comment>\n",
		number, number, number, number * 7919 % 1000000, number % 28 + 1,
		number % 3 ? "false" : "true");
}

static void write_file(int folder, const char *name, const struct buf *document)
{
	auto_close int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, document->bytes, document->len) != (ssize_t)document->len)
		die(name);
}

static void make_file(
	int folder, uint64_t number, uint64_t comments, struct buf *document)
{
	char name[32];
	buf_clear(document);
	buf_add_text(document, HEAD);
	for (uint64_t i = 0; i < comments; i++)
		add_comment(document, number + i);
	buf_add_text(document, TAIL);
	if (buf_finish(document) < 0) {
		errno = EFBIG;
		die("document");
	}
	(void)snprintf(name, sizeof(name), "c%09" PRIu64 ".xml", number);
	write_file(folder, name, document);
}

static uint64_t number(const char *text)
{
	char *end = NULL;
	uint64_t value = strtoull(text, &end, 10);
	if (end == text || *end) {
		fprintf(stderr, "drops: not a number: %s\n", text);
		exit(64);
	}
	return value;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fputs("usage: drops FOLDER FILES COMMENTS FIRST\n", stderr);
		return 64;
	}
	auto_close int folder = open(argv[1], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (folder < 0)
		die(argv[1]);
	uint64_t files = number(argv[2]), comments = number(argv[3]);
	uint64_t first = number(argv[4]);
	auto_buf struct buf document;
	buf_init(&document, FILE_BYTES);
	for (uint64_t i = 0; i < files; i++)
		make_file(folder, first + i * comments, comments, &document);
	return 0;
}
