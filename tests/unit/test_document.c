/* SPDX-License-Identifier: MIT
 *
 * Bad files are fixtures, each with its verdict and the words that its reason must hold
 * (NAME.expect, first line the verdict; "count N" means exactly so many problems).
 * Values at their limits, and files too large to keep, are made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "core/document.h"
#include "effort.h"
#include "french.h"

#define GOOD "tests/fixtures/good"
#define BAD "tests/fixtures/bad"
#define SPACES                                                                           \
	"xmlns:open=\"http://www.opensi.fr\" xmlns:xsd=\"http://www.opensi.fr/xsd\""

enum { MAX_BYTES = 16 * 1024 * 1024, ROOM = 64 * 1024 * 1024 };

/* Left to itself libxml2 gives up at ten megabytes of a text. */
static const struct effort long_text = {
	.all = 12000000, .sample = 12000000, .under_valgrind = 120000};
static const struct effort malice = {
	.all = 2000000, .sample = 500000, .under_valgrind = 20000};
static const struct effort many_names = {
	.all = 1000000, .sample = 400000, .under_valgrind = 20000};
static const struct effort stride = {.all = 1, .sample = 1, .under_valgrind = 29};

static struct schema *schema;

static const char *const verdict_names[] = {
	[VERDICT_VALID] = "valid",
	[VERDICT_BROKEN_OFF] = "broken-off",
	[VERDICT_MALFORMED] = "malformed",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_INVALID] = "invalid",
	[VERDICT_OVERSIZE] = "oversize",
};

static const struct document_rules strict = {
	.website_code = "WEB1",
	.shop_limits = true,
	.max_bytes = MAX_BYTES,
};

static const struct document_rules lenient = {
	.website_code = "WEB1",
	.max_bytes = MAX_BYTES,
};

/* --- reading --- */

#define auto_reading auto_with(reading_done) struct reading

static struct reading read_bytes(
	const struct document_rules *rules, const char *bytes, size_t len)
{
	/* An exact copy: a byte read beyond the end is seen by the sanitizer. */
	auto_free char *copy = xcalloc(len, 1);
	if (len)
		memcpy(copy, bytes, len);
	struct reading o;
	assert_int_equal(document_read(schema, rules, copy, len, &o), 0);
	assert_true((o.verdict == VERDICT_VALID) == (o.document != NULL));
	assert_true((o.verdict == VERDICT_VALID) == (o.problems.count == 0));
	return o;
}

static struct reading read_text(const struct document_rules *rules, const struct buf *b)
{
	assert_int_equal(buf_finish(b), 0);
	return read_bytes(rules, buf_peek(b), b->len);
}

static void read_file(const char *folder, const char *name, struct buf *out)
{
	auto_free char *path = NULL;
	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	char chunk[4096];
	for (ssize_t got; (got = read(fd, chunk, sizeof(chunk))) > 0;)
		buf_add(out, chunk, (size_t)got);
}

static struct reading read_fixture(const char *folder, const char *name)
{
	auto_buf struct buf bytes = {.max_bytes = ROOM};
	read_file(folder, name, &bytes);
	return read_text(&strict, &bytes);
}

/* As a reason file says it. */
static char *reason_of(const struct reading *o)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	buf_add_format(&b, "count %zu\n", o->problems.count);
	for (size_t i = 0; i < o->problems.kept_count; i++) {
		const struct problem *p = &o->problems.kept[i];
		buf_add_format(&b, "line %u", p->line);
		if (p->comment)
			buf_add_format(&b, ", comment %u", p->comment);
		if (p->order)
			buf_add_format(&b, " (order %s)", p->order);
		buf_add_text(&b, ": ");
		if (p->field)
			buf_add_format(&b, "%s ", p->field);
		if (p->value)
			buf_add_format(&b, "\"%s\" ", p->value);
		buf_add_format(&b, "%s\n", p->rule);
	}
	return buf_take(&b);
}

static void assert_reading(const char *name, const struct reading *o,
	enum verdict verdict, const char *words)
{
	auto_free char *reason = reason_of(o);
	if (o->verdict != verdict)
		fail_msg("%s: %s, not %s\n%s", name, verdict_names[o->verdict],
			verdict_names[verdict], reason);
	if (words && !strstr(reason, words))
		fail_msg("%s: no \"%s\" in\n%s", name, words, reason);
}

/* --- writing --- */

struct values {
	const char *order_number, *web_order_number, *id, *text, *date, *mail, *visible;
};

static const struct values usual = {
	"CC20050001", "WEB-77", "182", "Bonjour", "2020-05-01", "true", "false"};

static void add_comment(struct buf *b, const struct values *v)
{
	buf_add_format(b,
		"<open:Comment>\n<xsd:OrderNumber>%s</xsd:OrderNumber>\n"
		"<xsd:WebOrderNumber>%s</xsd:WebOrderNumber>\n"
		"<xsd:CommentId>%s</xsd:CommentId>\n<xsd:Comment>",
		v->order_number, v->web_order_number, v->id);
	buf_add_text(b, v->text);
	buf_add_format(b,
		"</xsd:Comment>\n<xsd:CommentDate>%s</xsd:CommentDate>\n"
		"<xsd:SendMail>%s</xsd:SendMail>\n"
		"<xsd:VisibleForCustomer>%s</xsd:VisibleForCustomer>\n</open:Comment>\n",
		v->date, v->mail, v->visible);
}

static void add_head(struct buf *b)
{
	buf_add_text(b, "<open:Comments " SPACES ">\n");
}

static void add_foot(struct buf *b)
{
	buf_add_text(b, "</open:Comments>\n");
}

static struct reading read_values(
	const struct document_rules *rules, const struct values *v)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	add_comment(&b, v);
	add_foot(&b);
	return read_text(rules, &b);
}

static char *repeated(const char *what, size_t times)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	size_t len = strlen(what);
	for (size_t i = 0; i < times; i++)
		buf_add(&b, what, len);
	return buf_take(&b);
}

static void add_repeated(struct buf *b, const char *what, size_t times)
{
	auto_free char *text = repeated(what, times);
	buf_add_text(b, text);
}

/* --- fixtures --- */

static int ends_in(const struct dirent *entry, const char *ending)
{
	size_t len = strlen(entry->d_name);
	size_t tail = strlen(ending);
	return len > tail && strcmp(entry->d_name + len - tail, ending) == 0;
}

static int is_xml(const struct dirent *entry)
{
	return ends_in(entry, ".xml");
}

struct names {
	struct dirent **entries;
	int count;
};

static void names_done(struct names *n)
{
	for (int i = 0; i < n->count; i++)
		free(n->entries[i]);
	free((void *)n->entries);
}

#define auto_names auto_with(names_done) struct names

static struct names xml_files(const char *folder)
{
	struct names n = {0};
	n.count = scandir(folder, &n.entries, is_xml, alphasort);
	assert_true(n.count > 0);
	return n;
}

static enum verdict verdict_of(const char *line)
{
	for (size_t i = 0; i < sizeof(verdict_names) / sizeof(*verdict_names); i++)
		if (strcmp(line, verdict_names[i]) == 0)
			return (enum verdict)i;
	fail_msg("no such verdict: %s", line);
	return VERDICT_VALID;
}

static void check_bad_file(const char *name)
{
	auto_buf struct buf expect = {.max_bytes = ROOM};
	auto_free char *stem = xstrndup(name, strlen(name) - strlen(".xml"));
	auto_free char *beside = NULL;
	assert_true(asprintf(&beside, "%s.expect", stem) > 0);
	read_file(BAD, beside, &expect);
	auto_reading o = read_fixture(BAD, name);

	auto_free char *lines = buf_take(&expect);
	char *rest = lines;
	enum verdict verdict = verdict_of(strsep(&rest, "\n"));
	for (char *line; (line = strsep(&rest, "\n"));)
		assert_reading(name, &o, verdict, line);
}

static void every_bad_file_gets_its_verdict_and_its_words(void **state)
{
	(void)state;
	auto_names n = xml_files(BAD);
	assert_true(n.count >= 60);
	for (int i = 0; i < n.count; i++)
		check_bad_file(n.entries[i]->d_name);
}

static void every_bad_file_is_worded_in_french_too(void **state)
{
	(void)state;
	auto_names n = xml_files(BAD);
	for (int i = 0; i < n.count; i++) {
		auto_buf struct buf bytes = {.max_bytes = ROOM};
		read_file(BAD, n.entries[i]->d_name, &bytes);
		auto_reading english = read_text(&strict, &bytes);
		french_begin();
		auto_reading o = read_text(&strict, &bytes);
		french_end();
		assert_int_equal(o.verdict, english.verdict);
		assert_int_equal(o.problems.count, english.problems.count);
		for (size_t k = 0; k < o.problems.kept_count; k++)
			assert_string_not_equal(
				o.problems.kept[k].rule, english.problems.kept[k].rule);
	}
}

static void every_good_file_is_valid(void **state)
{
	(void)state;
	auto_names n = xml_files(GOOD);
	for (int i = 0; i < n.count; i++) {
		auto_reading o = read_fixture(GOOD, n.entries[i]->d_name);
		assert_reading(n.entries[i]->d_name, &o, VERDICT_VALID, NULL);
	}
}

static void a_bad_file_leaves_nothing_behind_for_the_next(void **state)
{
	(void)state;
	auto_names n = xml_files(BAD);
	for (int i = 0; i < n.count; i++) {
		auto_reading bad = read_fixture(BAD, n.entries[i]->d_name);
		assert_int_not_equal(bad.verdict, VERDICT_VALID);
		auto_reading good = read_fixture(GOOD, "article-request.xml");
		assert_reading(n.entries[i]->d_name, &good, VERDICT_VALID, NULL);
	}
}

/* --- what is read --- */

static void assert_first_text(const char *name, const char *text)
{
	auto_reading o = read_fixture(GOOD, name);
	assert_reading(name, &o, VERDICT_VALID, NULL);
	assert_string_equal(document_comment(o.document, 0)->text, text);
}

static void the_article_s_example_is_read_as_it_stands(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum document_kind kind;
		unsigned line;
	} forms[] = {
		{"article-request.xml", DOCUMENT_REQUEST, 5},
		{"article-comments.xml", DOCUMENT_COMMENTS, 3},
		{"article-comment.xml", DOCUMENT_COMMENT, 2},
	};
	for (size_t i = 0; i < 3; i++) {
		auto_reading o = read_fixture(GOOD, forms[i].name);
		assert_reading(forms[i].name, &o, VERDICT_VALID, NULL);
		assert_int_equal(document_kind(o.document), forms[i].kind);
		assert_int_equal(document_count(o.document), 1);
		const struct comment *c = document_comment(o.document, 0);
		assert_string_equal(c->order_number, "CC20050001");
		assert_string_equal(c->web_order_number, "1");
		assert_string_equal(c->id, "1");
		assert_int_equal(strncmp(c->text, "L'article demo_1_ws (coul", 25), 0);
		assert_string_equal(c->date, "2020-05-01");
		assert_true(c->send_mail);
		assert_true(c->visible);
		assert_int_equal(c->line, forms[i].line);
	}
}

static void texts_arrive_as_they_were_meant(void **state)
{
	(void)state;
	assert_first_text("accents.xml",
		"Où êtes-vous ? Ça coûte 12 €, « très » cher, œuf, naïve.");
	assert_first_text("emoji.xml", "Bonne nouvelle 🎉🚚 !");
	assert_first_text("cdata.xml", "<b>gras</b> & co puis  ]]> fin");
	assert_first_text("references.xml", "éé <b> &amp; \"x\" 'y' 😀\r\n\tfin");
	assert_first_text("crlf.xml", "ligne 1\nligne 2");
	assert_first_text("spaces-kept.xml", "  deux espaces devant, une derrière \n");
	assert_first_text("xml-comments-inside.xml", "avantaprès");
}

static void every_encoding_gives_the_same_text(void **state)
{
	(void)state;
	assert_first_text("iso-8859-1.xml", "Où êtes-vous ? Ça va");
	assert_first_text("windows-1252.xml", "12 € « œuvre » … l’été");
	assert_first_text("utf-16le.xml", "été 😀");
	assert_first_text("utf-16be.xml", "été 😀");
	assert_first_text("utf-8-mark.xml", "été");
	assert_first_text("no-declaration.xml", "été");
	assert_first_text("ebcdic.xml", "été");
	assert_first_text("utf-7.xml", "été");
}

/* Far behind the beginning too, where the parser has long begun to decode. */
static void bytes_that_an_encoding_has_not_are_told_as_such(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"EUC-JP", "\x8E\xFF"},
		{"GBK", "\xFF\xFF"}, {"SHIFT_JIS", "\x81\xFF"}, {"BIG5", "\xFF"},
		{"ASCII", "\xE9"}, {"UTF-7", "+\xFF"}, {"windows-1252", "\x81"}};
	static const size_t distances[] = {0, 20000, 100000};
	for (size_t i = 0; i < 3 * sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		auto_buf struct buf text = {.max_bytes = ROOM};
		buf_add_format(
			&b, "<?xml version='1.0' encoding='%s'?>", cases[i / 3][0]);
		add_head(&b);
		add_repeated(&text, "x", distances[i % 3]);
		buf_add_text(&text, cases[i / 3][1]);
		struct values v = usual;
		v.text = buf_peek(&text);
		add_comment(&b, &v);
		add_foot(&b);
		auto_reading o = read_text(&lenient, &b);
		assert_reading(
			cases[i / 3][0], &o, VERDICT_MALFORMED, "not of the encoding");
	}
}

/* It would be waited for if it were taken for one that breaks off. */
static void bytes_that_an_encoding_has_not_are_told_at_the_very_end_too(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"EUC-JP", "\x8E\xFF"},
		{"GBK", "\xFF\xFF"}, {"SHIFT_JIS", "\x81\xFF"}, {"BIG5", "\xFF"},
		{"UTF-7", "+\xFF"}, {"windows-1252", "\x81"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		buf_add_format(&b, "<?xml version='1.0' encoding='%s'?>", cases[i][0]);
		add_head(&b);
		buf_add_text(&b, cases[i][1]);
		auto_reading o = read_text(&lenient, &b);
		assert_reading(cases[i][0], &o, VERDICT_MALFORMED, "not of the encoding");
	}
}

static void dates_and_booleans_are_read_without_the_space_around(void **state)
{
	(void)state;
	auto_reading o = read_fixture(GOOD, "white-space-in-collapsing-types.xml");
	const struct comment *c = document_comment(o.document, 0);
	assert_string_equal(c->date, "2020-05-01");
	assert_true(c->send_mail);
	assert_false(c->visible);
}

static void zero_comments_are_valid(void **state)
{
	(void)state;
	static const char *const names[] = {"zero-comments.xml",
		"zero-comments-closed.xml", "zero-comments-request.xml"};
	for (size_t i = 0; i < 3; i++) {
		auto_reading o = read_fixture(GOOD, names[i]);
		assert_reading(names[i], &o, VERDICT_VALID, NULL);
		assert_int_equal(document_count(o.document), 0);
	}
}

/* --- limits --- */

/* Sound or not, and if not, in whose words: ours, never the schema's. */
static void assert_value(
	const struct document_rules *rules, const struct values *v, const char *words)
{
	auto_reading o = read_values(rules, v);
	assert_reading(words ? words : v->id, &o, words ? VERDICT_INVALID : VERDICT_VALID,
		words);
	for (size_t i = 0; i < o.problems.kept_count; i++)
		assert_null(strstr(o.problems.kept[i].rule, "schema:"));
}

static void assert_length(size_t chars, size_t max, const char **field, struct values *v)
{
	static const char *const letters[] = {"1", "é", "€", "😀"};
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		auto_free char *value = repeated(letters[i], chars);
		*field = value;
		const char *words = chars == 0    ? "is blank"
				    : chars > max ? "characters long; at most"
						  : NULL;
		assert_value(&lenient, v, words);
	}
	*field = "1";
}

static void lengths_are_counted_in_characters(void **state)
{
	(void)state;
	struct values v = usual;
	static const size_t lengths[] = {0, 1, 10, 11, 12, 19, 20, 21, 300, 5000};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		assert_length(lengths[i], 11, &v.order_number, &v);
		assert_length(lengths[i], 20, &v.web_order_number, &v);
		assert_length(lengths[i], 11, &v.id, &v);
	}
}

static void identifiers_hold_no_control_characters(void **state)
{
	(void)state;
	for (unsigned point = 1; point <= 0x180; point++) {
		if (point < 0x20 && point != '\t' && point != '\n' && point != '\r')
			continue; /* not XML at all */
		char value[16];
		(void)snprintf(value, sizeof(value), "A&#%u;B", point);
		struct values v = usual;
		v.order_number = value;
		bool is_control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
		assert_value(&strict, &v, is_control ? "control character U+00" : NULL);
	}
}

static const char *const white[] = {" ", "\u00A0", "\u1680", "\u2000", "\u2007", "\u200A",
	"\u2028", "\u2029", "\u202F", "\u205F", "\u3000", "\t", "\n", "&#13;"};
static const char *const black[] = {"\u200B", "\u2060", "\uFEFF", "\u180E", "_"};

static void identifiers_have_no_white_space_around(void **state)
{
	(void)state;
	struct values v = usual;
	for (size_t i = 0; i < sizeof(white) / sizeof(*white); i++) {
		char value[32];
		v.web_order_number = value;
		(void)snprintf(value, sizeof(value), "%sA", white[i]);
		assert_value(&strict, &v, "begins or ends with white space");
		(void)snprintf(value, sizeof(value), "A%s", white[i]);
		assert_value(&strict, &v, "begins or ends with white space");
		(void)snprintf(value, sizeof(value), "%s", white[i]);
		assert_value(&strict, &v, "is blank");
	}
	for (size_t i = 0; i < sizeof(black) / sizeof(*black); i++) {
		v.web_order_number = black[i];
		assert_value(&strict, &v, NULL);
	}
}

/* More of it than the schema is given to judge. */
static void very_much_white_space_is_no_less_white(void **state)
{
	(void)state;
	char before[6000];
	char behind[6000];
	(void)snprintf(before, sizeof(before), "%5000s", "7");
	(void)snprintf(behind, sizeof(behind), "%-5000s", "7");
	for (int i = 0; i < 6; i++) {
		struct values v = usual;
		const char **field[] = {&v.order_number, &v.web_order_number, &v.id};
		*field[i / 2] = i % 2 ? before : behind;
		assert_value(&strict, &v, "begins or ends with white space");
		assert_value(&lenient, &v, "begins or ends with white space");
	}
	struct values v = usual;
	char date[6000];
	(void)snprintf(date, sizeof(date), "%5000s", v.date);
	v.date = date;
	assert_value(&strict, &v, NULL);
}

static void a_text_is_not_blank(void **state)
{
	(void)state;
	struct values v = usual;
	for (size_t i = 0; i < sizeof(white) / sizeof(*white); i++) {
		char value[32];
		v.text = value;
		(void)snprintf(value, sizeof(value), "%s", white[i]);
		assert_value(&strict, &v, "Comment");
		(void)snprintf(
			value, sizeof(value), "%s%s.%s", white[i], white[i], white[i]);
		assert_value(&strict, &v, NULL);
	}
	v.text = "\xC2\x85";
	assert_value(&strict, &v, "is blank");
}

static void a_date_is_a_day_of_the_calendar(void **state)
{
	(void)state;
	static const char *const good[] = {"2020-02-29", "2000-02-29", "1999-12-31",
		"2020-05-01Z", "2020-05-01+14:00", "2020-05-01-14:00", "2020-05-01+00:00",
		"-0001-01-01", "10000-01-01", "2020-04-30", " 2020-05-01\n"};
	static const char *const bad[] = {"2020-02-30", "2019-02-29", "1900-02-29",
		"2100-02-29", "2020-04-31", "2020-00-01", "2020-13-01", "2020-01-00",
		"2020-01-32", "0000-01-01", "-0000-01-01", "02020-01-01", "+2020-01-01",
		"20-01-01", "2020-1-1", "2020/01/01", "2020-01-01 Z", "2020-01-01z",
		"2020-01-01+14:01", "2020-01-01+2:00", "2020-01-01+02:60", "2020-01-01T",
		"2020-01-01T00:00:00", "2020-01-01Zz", "20200101", "", "2020-01-",
		"2020-01-01+", "-", "--"};
	struct values v = usual;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		v.date = good[i];
		assert_value(&strict, &v, NULL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		v.date = bad[i];
		assert_value(&strict, &v, "2020-05-01");
	}
	v.date = "2020-02-30Z";
	assert_value(&strict, &v, "not a day of the calendar");
	v.date = "2020-02-28Zz";
	assert_value(&strict, &v, "not a date");
}

static void assert_document(const char *text, enum verdict verdict, const char *words)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	buf_add_text(&b, text);
	auto_reading o = read_text(&strict, &b);
	assert_reading(text, &o, verdict, words);
}

static void a_request_holds_its_website_code_and_comments(void **state)
{
	(void)state;
	assert_document("<open:setCommentsRequest xmlns:open='http://www.opensi.fr'>"
			"<open:Other/></open:setCommentsRequest>",
		VERDICT_INVALID, "Website_Code, then Comment");
}

static void a_mark_contradicts_no_encoding_that_is_not_named(void **state)
{
	(void)state;
	assert_document("\xEF\xBB\xBF<?xml version='1.0' encoding=latin1?><a/>",
		VERDICT_MALFORMED, "line 1");
	assert_document("\xEF\xBB\xBF<?xml encoding?><a/>", VERDICT_MALFORMED, "line 1");
}

static void a_boolean_is_one_of_four_words(void **state)
{
	(void)state;
	static const char *const good[] = {"true", "1", "false", "0", " true\n"};
	static const char *const bad[] = {"True", "TRUE", "t", "yes", "oui", "2", "01",
		"", "truefalse", "vrai", "null"};
	struct values v = usual;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		v.mail = v.visible = good[i];
		assert_value(&strict, &v, NULL);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		v.mail = v.visible = bad[i];
		assert_value(&strict, &v, "VisibleForCustomer");
	}
}

static void limits_of_the_shop_can_be_lifted(void **state)
{
	(void)state;
	static const char *const ids[] = {"0", "-5", "+182", "0181", "1.5", "1e3", "abc",
		"0x1F", "2147483648", "9999999999", "-2147483648"};
	struct values v = usual;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		v.id = ids[i];
		assert_value(&strict, &v, "shop_limits = false lifts the check");
		assert_value(&lenient, &v, NULL);
	}
	v.id = "2147483647";
	assert_value(&strict, &v, NULL);
	v.id = "1";
	assert_value(&strict, &v, NULL);
}

static void a_shop_keeps_65535_bytes_of_a_text(void **state)
{
	(void)state;
	static const struct {
		const char *letter;
		size_t times;
		bool fits;
	} texts[] = {{"a", 65534, true}, {"a", 65535, true}, {"a", 65536, false},
		{"é", 32767, true}, {"é", 32768, false}, {"&amp;", 65535, true},
		{"&amp;", 65536, false}};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		auto_free char *text = repeated(texts[i].letter, texts[i].times);
		struct values v = usual;
		v.text = text;
		assert_value(&strict, &v,
			texts[i].fits ? NULL
				      : "at most 65535 are allowed. This is a limit");
		assert_value(&lenient, &v, NULL);
	}
}

static struct reading read_pair(const struct document_rules *rules,
	const struct values *a, const struct values *b)
{
	auto_buf struct buf text = {.max_bytes = ROOM};
	add_head(&text);
	add_comment(&text, a);
	add_comment(&text, b);
	add_foot(&text);
	return read_text(rules, &text);
}

static void a_number_is_used_for_one_content_only(void **state)
{
	(void)state;
	struct values others[7];
	for (size_t i = 0; i < 7; i++)
		others[i] = usual;
	others[0].order_number = "x";
	others[1].web_order_number = "x";
	others[2].text = "x";
	others[3].date = "2020-05-02";
	others[4].mail = "false";
	others[5].visible = "true";
	others[6].mail = "1"; /* the same, written otherwise */
	for (size_t i = 0; i < 7; i++) {
		auto_reading o = read_pair(&strict, &usual, &others[i]);
		if (i == 6)
			assert_reading("same", &o, VERDICT_VALID, NULL);
		else
			assert_reading("other", &o, VERDICT_INVALID,
				"CommentId \"182\" has already been used by comment 1 "
				"(line 5)");
		auto_reading lifted = read_pair(&lenient, &usual, &others[i]);
		assert_reading("lifted", &lifted, VERDICT_VALID, NULL);
	}
}

static void a_file_of_exactly_the_allowed_size_is_read(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	add_foot(&b);
	struct document_rules rules = strict;
	rules.max_bytes = b.len;
	auto_reading fits = read_text(&rules, &b);
	assert_reading("fits", &fits, VERDICT_VALID, NULL);
	rules.max_bytes--;
	auto_reading over = read_text(&rules, &b);
	assert_reading("over", &over, VERDICT_OVERSIZE, "max_file_size");
}

/* --- problems --- */

static void all_problems_are_counted_and_fifty_kept(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	struct values v = usual;
	v.date = "hier";
	v.mail = "oui";
	add_head(&b);
	for (int i = 0; i < 40; i++)
		add_comment(&b, &v);
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_int_equal(o.problems.count, 80);
	assert_int_equal(o.problems.kept_count, PROBLEMS_KEPT);
	assert_int_equal(o.problems.kept[49].comment, 25);
}

static void what_ended_the_reading_is_kept_behind_fifty_others(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	struct values v = usual;
	v.date = "hier";
	add_head(&b);
	for (int i = 0; i < 60; i++)
		add_comment(&b, &v);
	buf_add_text(&b, "<b&>");
	add_comment(&b, &v);
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_reading("ampersand", &o, VERDICT_MALFORMED, "line 542");
	assert_int_equal(o.problems.count, 61);
	assert_int_equal(o.problems.kept_count, PROBLEMS_KEPT);
	assert_int_equal(o.problems.kept[48].comment, 49);
}

static void lines_are_right_beyond_65535(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	struct values v = usual;
	add_head(&b);
	add_repeated(&b, "\n", 199999);
	v.order_number = "CC20050001-BIS";
	add_comment(&b, &v);
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_reading("far down", &o, VERDICT_INVALID, "line 200002, comment 1");

	buf_clear(&b);
	add_head(&b);
	add_repeated(&b, "\r\n", 99999);
	add_comment(&b, &usual);
	buf_add_text(&b, "&");
	add_foot(&b);
	add_repeated(&b, " ", 100);
	auto_reading broken = read_text(&strict, &b);
	assert_reading("malformed", &broken, VERDICT_MALFORMED, "line 100010");
}

static void values_are_shown_short_and_clean(void **state)
{
	(void)state;
	auto_free char *value = repeated("x\n", 100);
	struct values v = usual;
	v.order_number = value;
	auto_reading o = read_values(&strict, &v);
	assert_int_equal(text_count(o.problems.kept[0].value), 61);
	assert_null(strchr(o.problems.kept[0].value, '\n'));
}

static void schema_free_at(struct schema **s)
{
	schema_free(*s);
}

/* An admin's own schema may ask for more than we have words for. */
static void what_only_the_schema_finds_is_told_in_its_words(void **state)
{
	(void)state;
	auto_free char *why = NULL;
	auto_with(schema_free_at) struct schema *stricter = NULL;
	assert_int_equal(schema_open("tests/fixtures/stricter.xsd", &stricter, &why), 0);
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	add_comment(&b, &usual);
	add_foot(&b);
	auto_reading o = {0};
	assert_int_equal(document_read(stricter, &strict, buf_peek(&b), b.len, &o), 0);
	assert_reading("stricter", &o, VERDICT_INVALID,
		"does not follow the schema: Element '{http://www.opensi.fr}Comments'");
}

/* --- files that end too early --- */

static void assert_every_beginning_is_unfinished(const char *name)
{
	auto_buf struct buf whole = {.max_bytes = ROOM};
	read_file(GOOD, name, &whole);
	size_t len = whole.len;
	while (len && strchr("\n\r", whole.bytes[len - 1]))
		len--; /* also the two bytes of UTF-16 */
	bool is_wide = whole.bytes[1] == '\0' || whole.bytes[0] == '\xFE' ||
		       whole.bytes[0] == '\xFF';
	for (size_t cut = 0; cut < len - is_wide; cut += effort(stride)) {
		auto_reading o = read_bytes(&strict, whole.bytes, cut);
		if (o.verdict != VERDICT_BROKEN_OFF)
			fail_msg("%s cut after %zu bytes: %s: %s", name, cut,
				verdict_names[o.verdict],
				o.problems.count ? o.problems.kept[0].rule : "");
	}
}

static void a_file_that_may_still_grow_is_never_called_malformed(void **state)
{
	(void)state;
	static const char *const names[] = {"article-request.xml", "article-comment.xml",
		"cdata.xml", "references.xml", "emoji.xml", "crlf.xml", "iso-8859-1.xml",
		"windows-1252.xml", "utf-16le.xml", "utf-16be.xml", "utf-8-mark.xml",
		"no-declaration.xml", "default-namespace.xml",
		"instruction-before-root.xml", "zero-comments-closed.xml"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_every_beginning_is_unfinished(names[i]);
}

/* --- size and malice --- */

static void a_long_text_is_read_to_its_end(void **state)
{
	(void)state;
	static const char *const pieces[] = {
		"éé", "<![CDATA[a]]>", "a&amp;", "a<!---->", "\n   ", "1234567890\n"};
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		auto_free char *text =
			repeated(pieces[i], effort(long_text) / strlen(pieces[i]));
		auto_buf struct buf full = {.max_bytes = ROOM};
		buf_add_text(&full, text);
		buf_add_char(&full, '.');
		struct values v = usual;
		v.text = buf_peek(&full);
		assert_value(&lenient, &v, NULL);
	}
}

static void assert_time_bound(const char *name, const char *piece, enum verdict verdict)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	add_repeated(&b, piece, effort(malice) / strlen(piece));
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_reading(name, &o, verdict, NULL);
}

static void a_malicious_file_is_dealt_with(void **state)
{
	(void)state;
	assert_time_bound("unknown elements", "<x/>", VERDICT_INVALID);
	assert_time_bound("undeclared prefixes", "<a:x/>", VERDICT_INVALID);
	assert_time_bound("empty comments", "<open:Comment/>", VERDICT_INVALID);
	assert_time_bound("stray texts", "x<a/>", VERDICT_INVALID);
	assert_time_bound("nesting", "<x>", VERDICT_REFUSED);
	assert_time_bound("attributes", "<x a='' b='' c=''/>", VERDICT_INVALID);
	assert_time_bound("ampersands", "&", VERDICT_MALFORMED);
	assert_time_bound("less-thans", "<", VERDICT_MALFORMED);
}

/* No two of them are alike, which the parser has to find out. */
static void too_many_names_are_refused_at_once(void **state)
{
	(void)state;
	static const char *const pieces[][2] = {{"<n", "/>"}, {"<n", ":x/>"},
		{"<?n", " ?>"}, {"<x n", "=''/>"}, {"<x xmlns:n", "='u:'/>"}};
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		add_head(&b);
		for (int n = 0; n < 10001; n++)
			buf_add_format(&b, "%s%d%s", pieces[i][0], n, pieces[i][1]);
		buf_add_text(&b, "<x/>");
		add_foot(&b);
		auto_reading o = read_text(&strict, &b);
		assert_reading(pieces[i][0], &o, VERDICT_REFUSED,
			"more than 10000 different names");
	}
}

/* Nothing that would be kept in mind by the parser is read behind a breach. */
static void names_behind_a_breach_are_not_read(void **state)
{
	(void)state;
	static const struct {
		const char *head, *before, *behind;
	} files[] = {
		{"<open:Comments " SPACES ">&none;", "<n", "/>"},
		{"<open:Comments " SPACES ">&none;", "<n", ":x/>"},
		{"<open:Comments " SPACES ">&none;", "<?n", " ?>"},
		{"<open:Comments " SPACES ">&none;", "<x n", "=''/>"},
		{"<open:Comments " SPACES ">", "&n", ";"},
		{"<open:Comments " SPACES "><x a='", "&n", ";"},
		{"<open:Comments " SPACES ">", "<n", " "},
		{"<?xml version='1.0' x?><!DOCTYPE x [", "<!ENTITY n", " ''>"},
	};
	clock_t spent = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		buf_add_text(&b, files[i].head);
		for (size_t n = 0; n < effort(many_names); n++)
			buf_add_format(
				&b, "%s%zu%s", files[i].before, n, files[i].behind);
		add_foot(&b);
		clock_t began = clock();
		auto_reading o = read_text(&strict, &b);
		spent += clock() - began;
		assert_int_not_equal(o.verdict, VERDICT_INVALID);
		assert_int_not_equal(o.verdict, VERDICT_VALID);
	}
	assert_true(
		spent < 2 * CLOCKS_PER_SEC); /* of processor time, not of the wall's */
}

static void many_names_are_read_to_the_end(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	for (int n = 0; n < 9000; n++)
		buf_add_format(&b, "<n%d/>", n);
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_reading("names", &o, VERDICT_INVALID, NULL);
	assert_int_equal(o.problems.count, 9000);
}

static void add_widened(struct buf *wide, const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		buf_add(wide, (char[2]){b->bytes[i], '\0'}, 2);
}

/* Each attribute is compared with each other by the parser. */
static void a_crowd_of_attributes_never_reaches_the_parser(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	buf_add_text(&b, "<!-- <a ' --><?p <a \" ?><open:Comments");
	for (int i = 0; i < 200000; i++)
		buf_add_format(&b, " a%d='>'", i);
	buf_add_text(&b, "/>");
	auto_reading o = read_text(&strict, &b);
	assert_reading("narrow", &o, VERDICT_REFUSED, "crowd of attributes");

	auto_buf struct buf wide = {.max_bytes = ROOM};
	buf_add(&wide, "\xFF\xFE", 2);
	add_widened(&wide, &b);
	auto_reading w = read_text(&strict, &wide);
	assert_reading("wide", &w, VERDICT_REFUSED, "crowd of attributes");
}

/* It goes on to the next tag, and has it read before anybody can stop it. */
static void a_crowd_behind_an_error_of_the_parser_never_reaches_it_either(void **state)
{
	(void)state;
	static const char *const errors[] = {"<!--\xEF\xBF\xBF", "<a b=c d=''", "<!",
		"<!ELEMENT a", "<? ", "<!--\x01", "<!--\xEF\xBF\xBE", "<!--\xFF",
		"<?p \x01", "<![CDATA[\x01", "</c \"", "<\"", "<'", "< ", "<!DOCTYPE a ",
		"<!DOCTYPE a [", "&a; <!-", "<![CDATA"};
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		add_head(&b);
		buf_add_text(&b, errors[i]);
		buf_add_text(&b, "<b");
		for (int j = 0; j < 20000; j++)
			buf_add_format(&b, " a%d=''", j);
		buf_add_text(&b, "/>");
		add_foot(&b);
		auto_reading o = read_text(&strict, &b);
		assert_reading(errors[i], &o, VERDICT_REFUSED, "crowd of attributes");
	}
}

/* In UTF-16 as well: half a pair, and what is no character. */
static void no_broken_pair_hides_a_crowd_of_attributes(void **state)
{
	(void)state;
	static const char pairs[][3] = {"\x01\xD8", "\x01\xDC", "\xFE\xFF"};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		auto_buf struct buf wide = {.max_bytes = ROOM};
		buf_add_text(&b, "<a><!--");
		buf_add(&wide, "\xFF\xFE", 2);
		add_widened(&wide, &b);
		buf_add(&wide, pairs[i], 2);
		buf_clear(&b);
		buf_add_text(&b, "<b");
		for (int j = 0; j < 20000; j++)
			buf_add_format(&b, " a%d=''", j);
		buf_add_text(&b, "/>--></a>");
		add_widened(&wide, &b);
		auto_reading o = read_text(&strict, &wide);
		assert_reading("wide", &o, VERDICT_REFUSED, "crowd of attributes");
	}
}

/* Large enough to be worth a look. */
static void add_tags(struct buf *b, size_t attributes)
{
	while (b->len < 40000) {
		buf_add_text(b, "<a");
		for (size_t i = 0; i < attributes; i++)
			buf_add_format(b, i % 2 ? " a%zu=''" : " xmlns:a%zu='a'", i);
		buf_add_text(b, "/>");
	}
}

static void fifty_attributes_of_a_tag_are_read_and_no_more(void **state)
{
	(void)state;
	static const enum verdict verdicts[] = {VERDICT_INVALID, VERDICT_REFUSED};
	for (size_t i = 0; i < 2; i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		add_head(&b);
		add_tags(&b, 50 + i);
		add_foot(&b);
		auto_reading o = read_text(&strict, &b);
		assert_reading(i ? "51" : "50", &o, verdicts[i], NULL);
	}
}

static void add_encoded(struct buf *out, const char *encoding, const struct buf *text)
{
	char bytes[4096];
	char *in = text->bytes;
	size_t left = text->len;
	iconv_t way = iconv_open(encoding, "UTF-8");
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): so says iconv_open(3) */
	assert_true(way != (iconv_t)-1);
	while (left) {
		char *at = bytes;
		size_t room = sizeof(bytes);
		size_t r = iconv(way, &in, &left, &at, &room);
		assert_true(r != (size_t)-1 || errno == E2BIG);
		buf_add(out, bytes, sizeof(bytes) - room);
	}
	iconv_close(way);
}

/* In these a mark of ASCII may be written by other bytes, or its byte mean another. */
static void no_encoding_hides_a_crowd_of_attributes(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool has_plain_head;
	} encodings[] = {{"IBM037", false}, {"IBM500", false}, {"UTF-7", true},
		{"ISO-8859-15", true}};
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		auto_buf struct buf head = {.max_bytes = ROOM};
		auto_buf struct buf rest = {.max_bytes = ROOM};
		auto_buf struct buf b = {.max_bytes = ROOM};
		buf_add_format(
			&head, "<?xml version='1.0' encoding='%s'?>", encodings[i].name);
		buf_add_text(&rest, "<!-- ' --><a b=''");
		for (int j = 0; j < 200000; j++)
			buf_add_format(&rest, " a%d='>'", j);
		buf_add_text(&rest, "/>");
		add_encoded(&b, encodings[i].has_plain_head ? "ASCII" : encodings[i].name,
			&head);
		add_encoded(&b, encodings[i].name, &rest);
		auto_reading o = read_text(&strict, &b);
		assert_reading(
			encodings[i].name, &o, VERDICT_REFUSED, "crowd of attributes");
	}
}

/* Where the parser stops there is no need to look any further. */
static void a_crowd_behind_the_end_of_the_parsers_way_is_told_by_what_stops_it(
	void **state)
{
	(void)state;
	static const struct {
		const char *start;
		enum verdict verdict;
		const char *words;
	} cases[] = {{"<!DOCTYPE a><a", VERDICT_REFUSED, "DOCTYPE"},
		{"<a b='", VERDICT_BROKEN_OFF, "breaks off"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_buf struct buf b = {.max_bytes = ROOM};
		buf_add_text(&b, cases[i].start);
		for (int j = 0; j < 5000; j++)
			buf_add_format(&b, " a%d=\"&gt;\"", j);
		auto_reading o = read_text(&strict, &b);
		assert_reading(cases[i].start, &o, cases[i].verdict, cases[i].words);
	}
}

static void a_text_full_of_attributes_is_a_text(void **state)
{
	(void)state;
	auto_buf struct buf text = {.max_bytes = ROOM};
	add_repeated(&text, "&lt;a style=\"b\"> ", 3000);
	buf_add_text(&text, "<![CDATA[<a");
	add_repeated(&text, " b='c'", 3000);
	buf_add_text(&text, "]]>");
	struct values v = usual;
	v.text = buf_peek(&text);
	assert_value(&lenient, &v, NULL);
}

static void memory_is_a_few_times_the_file(void **state)
{
	(void)state;
	auto_buf struct buf b = {.max_bytes = ROOM};
	add_head(&b);
	for (int i = 0; i < 10000; i++)
		add_comment(&b, &usual);
	add_foot(&b);
	auto_reading o = read_text(&strict, &b);
	assert_int_equal(document_count(o.document), 10000);
	assert_true(document_memory(o.document) < b.len);
}

/* --- the rest --- */

static void assert_same_comment(const struct comment *a, const struct comment *b)
{
	assert_string_equal(a->order_number, b->order_number);
	assert_string_equal(a->web_order_number, b->web_order_number);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->text, b->text);
	assert_string_equal(a->date, b->date);
	assert_int_equal(a->send_mail, b->send_mail);
	assert_int_equal(a->visible, b->visible);
}

static struct reading reread(const struct document *document, const bool *chosen)
{
	auto_buf struct buf b = {.max_bytes = ROOM};
	document_write_rest(document, chosen, &b);
	return read_text(&strict, &b);
}

static void a_rest_of_all_is_the_same_document(void **state)
{
	(void)state;
	auto_names n = xml_files(GOOD);
	for (int i = 0; i < n.count; i++) {
		auto_reading o = read_fixture(GOOD, n.entries[i]->d_name);
		size_t count = document_count(o.document);
		auto_free bool *all = xcalloc(count, sizeof(*all));
		memset(all, true, count * sizeof(*all));
		auto_reading again = reread(o.document, all);
		assert_reading(n.entries[i]->d_name, &again, VERDICT_VALID, NULL);
		assert_int_equal(
			document_kind(again.document), document_kind(o.document));
		assert_int_equal(document_count(again.document), count);
		for (size_t k = 0; k < count; k++)
			assert_same_comment(document_comment(again.document, k),
				document_comment(o.document, k));
	}
}

static void a_rest_holds_the_chosen_comments_in_order(void **state)
{
	(void)state;
	auto_reading o = read_fixture(GOOD, "dates.xml");
	bool chosen[7] = {false, true, false, false, true, false, true};
	auto_reading rest = reread(o.document, chosen);
	assert_int_equal(document_count(rest.document), 3);
	assert_same_comment(
		document_comment(rest.document, 0), document_comment(o.document, 1));
	assert_same_comment(
		document_comment(rest.document, 1), document_comment(o.document, 4));
	assert_same_comment(
		document_comment(rest.document, 2), document_comment(o.document, 6));
}

static void a_rest_keeps_every_character(void **state)
{
	(void)state;
	struct values v = usual;
	v.text = "  &#13;&#10;&#13; ]]&gt; &amp;amp; &lt;x&gt; \" ' "
		 "\t\xC2\x85"
		 "\u2028é😀\uFFFD ";
	auto_reading o = read_values(&strict, &v);
	assert_reading("hard", &o, VERDICT_VALID, NULL);
	assert_string_equal(document_comment(o.document, 0)->text,
		"  \r\n\r ]]> &amp; <x> \" ' \t\xC2\x85"
		"\u2028é😀\uFFFD ");
	auto_reading again = reread(o.document, (bool[]){true});
	assert_reading("again", &again, VERDICT_VALID, NULL);
	assert_same_comment(
		document_comment(again.document, 0), document_comment(o.document, 0));
}

/* --- the schema itself --- */

static void a_schema_that_is_none_says_why(void **state)
{
	(void)state;
	auto_free char *missing = NULL;
	struct schema *none = NULL;
	assert_int_equal(
		schema_open("tests/fixtures/none.xsd", &none, &missing), -ENOENT);
	assert_non_null(strstr(missing, "none.xsd"));
	auto_free char *wrong = NULL;
	assert_int_equal(
		schema_open("tests/fixtures/good/emoji.xml", &none, &wrong), -EINVAL);
	assert_non_null(strstr(wrong, "schema"));
	auto_free char *unsound = NULL;
	assert_int_equal(
		schema_open("tests/fixtures/unsound.xsd", &none, &unsound), -EINVAL);
	assert_non_null(strstr(unsound, "unsound.xsd:4: "));
	assert_null(none);
}

static void libxml2_prints_nothing(void **state)
{
	(void)state;
	auto_close int saved = dup(STDERR_FILENO);
	auto_close int fd = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	auto_names n = xml_files(BAD);
	for (int i = 0; i < n.count; i++) {
		auto_reading o = read_fixture(BAD, n.entries[i]->d_name);
		assert_int_not_equal(o.verdict, VERDICT_VALID);
	}
	auto_free char *why = NULL;
	struct schema *none = NULL;
	(void)schema_open("tests/fixtures/none.xsd", &none, &why);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static int open_schema(void **state)
{
	(void)state;
	auto_free char *why = NULL;
	int r = schema_open("xsd/comments.xsd", &schema, &why);
	if (r)
		print_error("xsd/comments.xsd: %s\n", why);
	return r;
}

static int close_schema(void **state)
{
	(void)state;
	schema_free(schema);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_file_gets_its_verdict_and_its_words),
		cmocka_unit_test(every_bad_file_is_worded_in_french_too),
		cmocka_unit_test(every_good_file_is_valid),
		cmocka_unit_test(a_bad_file_leaves_nothing_behind_for_the_next),
		cmocka_unit_test(the_article_s_example_is_read_as_it_stands),
		cmocka_unit_test(texts_arrive_as_they_were_meant),
		cmocka_unit_test(every_encoding_gives_the_same_text),
		cmocka_unit_test(bytes_that_an_encoding_has_not_are_told_as_such),
		cmocka_unit_test(
			bytes_that_an_encoding_has_not_are_told_at_the_very_end_too),
		cmocka_unit_test(dates_and_booleans_are_read_without_the_space_around),
		cmocka_unit_test(zero_comments_are_valid),
		cmocka_unit_test(lengths_are_counted_in_characters),
		cmocka_unit_test(identifiers_hold_no_control_characters),
		cmocka_unit_test(identifiers_have_no_white_space_around),
		cmocka_unit_test(very_much_white_space_is_no_less_white),
		cmocka_unit_test(a_text_is_not_blank),
		cmocka_unit_test(a_date_is_a_day_of_the_calendar),
		cmocka_unit_test(a_request_holds_its_website_code_and_comments),
		cmocka_unit_test(a_mark_contradicts_no_encoding_that_is_not_named),
		cmocka_unit_test(a_boolean_is_one_of_four_words),
		cmocka_unit_test(limits_of_the_shop_can_be_lifted),
		cmocka_unit_test(a_shop_keeps_65535_bytes_of_a_text),
		cmocka_unit_test(a_number_is_used_for_one_content_only),
		cmocka_unit_test(a_file_of_exactly_the_allowed_size_is_read),
		cmocka_unit_test(all_problems_are_counted_and_fifty_kept),
		cmocka_unit_test(what_ended_the_reading_is_kept_behind_fifty_others),
		cmocka_unit_test(lines_are_right_beyond_65535),
		cmocka_unit_test(values_are_shown_short_and_clean),
		cmocka_unit_test(what_only_the_schema_finds_is_told_in_its_words),
		cmocka_unit_test(a_file_that_may_still_grow_is_never_called_malformed),
		cmocka_unit_test(a_long_text_is_read_to_its_end),
		cmocka_unit_test(a_malicious_file_is_dealt_with),
		cmocka_unit_test(too_many_names_are_refused_at_once),
		cmocka_unit_test(names_behind_a_breach_are_not_read),
		cmocka_unit_test(many_names_are_read_to_the_end),
		cmocka_unit_test(a_crowd_of_attributes_never_reaches_the_parser),
		cmocka_unit_test(
			a_crowd_behind_an_error_of_the_parser_never_reaches_it_either),
		cmocka_unit_test(no_broken_pair_hides_a_crowd_of_attributes),
		cmocka_unit_test(fifty_attributes_of_a_tag_are_read_and_no_more),
		cmocka_unit_test(no_encoding_hides_a_crowd_of_attributes),
		cmocka_unit_test(
			a_crowd_behind_the_end_of_the_parsers_way_is_told_by_what_stops_it),
		cmocka_unit_test(a_text_full_of_attributes_is_a_text),
		cmocka_unit_test(memory_is_a_few_times_the_file),
		cmocka_unit_test(a_rest_of_all_is_the_same_document),
		cmocka_unit_test(a_rest_holds_the_chosen_comments_in_order),
		cmocka_unit_test(a_rest_keeps_every_character),
		cmocka_unit_test(a_schema_that_is_none_says_why),
		cmocka_unit_test(libxml2_prints_nothing),
	};
	return cmocka_run_group_tests(tests, open_schema, close_schema);
}
