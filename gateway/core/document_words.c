/* SPDX-License-Identifier: MIT
 *
 * {1} and {2} are numbers or names. What follows a field continues the sentence
 * `CommentId "12a"`; the rest stands alone.
 */
#include "core/document_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"

enum { SHOWN_CHARS = 60, WORDS_CHARS = 300, RULE_MAX_BYTES = 4096 };

static const char *const sentences[SAY_COUNT] = {
	[SAY_EMPTY_FILE] = N_("the file is empty: export it again"),
	[SAY_BLANK_FILE] = N_(
		"the file holds nothing but white space or zero bytes: export it again"),
	[SAY_OVERSIZE] = N_("the file is {1} bytes long; at most {2} are allowed "
			    "(max_file_size): export smaller files"),
	[SAY_DOCTYPE] = N_("the file has a DOCTYPE ({1}), and none is allowed: remove "
			   "<!DOCTYPE ...> whole"),
	[SAY_SOAP] =
		N_("the file is a whole SOAP envelope; the gateway writes the envelope "
		   "itself: drop only the part setCommentsRequest (or Comments)"),
	[SAY_ROOT] =
		N_("is not a document of this gateway: the outermost element must be "
		   "setCommentsRequest, Comments or Comment, in the namespace {1}"),
	[SAY_DEPTH] = N_("elements are nested more than {1} deep; a comment file needs "
			 "three: the exporter wrote something else"),
	[SAY_NAMES] =
		N_("there are more than {1} different names of elements and the like; a "
		   "comment file needs ten: the exporter wrote something else"),
	[SAY_CROWD] =
		N_("an element has a crowd of attributes or namespaces; a comment file "
		   "needs two namespaces, and no attributes: remove all others"),
	[SAY_BYTE_ORDER_MARK] =
		N_("the file begins with the byte order mark of UTF-8, but its first "
		   "line says encoding=\"{1}\": make them agree"),
	[SAY_BROKEN_OFF] = N_(
		"the file breaks off: it ends before its document does: export it again"),
	[SAY_MALFORMED] = N_("the file is not well-formed XML: {1}"),
	[SAY_WRONG_BYTES] = N_("the bytes here are not of the encoding that the first "
			       "line names (UTF-8, if it names none): save the file as "
			       "UTF-8, or name its true encoding ({1})"),
	[SAY_UNKNOWN_ENCODING] = N_("the encoding that the first line names is not known "
				    "here: save the file as UTF-8 ({1})"),
	[SAY_UNKNOWN_ENTITY] = N_("an entity is used that XML does not know: write the "
				  "character itself, or its number such as &#233; ({1})"),
	[SAY_BARE_AMPERSAND] = N_("an \"&\" stands by itself: write &amp; instead ({1})"),
	[SAY_BARE_LESS_THAN] =
		N_("a \"<\" does not begin a tag: in a text, write &lt; instead ({1})"),
	[SAY_TAGS_CROSSED] = N_("an end tag does not match its start tag: close each "
				"element before the one around it ({1})"),
	[SAY_BAD_CHARACTER] =
		N_("a character stands here that XML does not allow: remove it ({1})"),
	[SAY_LATE_DECLARATION] =
		N_("the declaration <?xml ...?> must be the very first thing in the "
		   "file: remove what stands before it ({1})"),
	[SAY_EXTRA_CONTENT] =
		N_("something follows after the end of the document; a file holds one "
		   "document: put the comments into one Comments element ({1})"),
	[SAY_NOT_XML] = N_("the file is not XML: it must begin with \"<\" ({1})"),
	[SAY_NO_NAMESPACE] =
		N_("is in no namespace; it must be in {1}: declare it by xmlns"),
	[SAY_OTHER_NAMESPACE] = N_("is in the namespace {2}; it must be in {1}"),
	[SAY_UNKNOWN_PREFIX] = N_("has the prefix {2}, which is nowhere declared; "
				  "declare it by xmlns:{2}=\"{1}\""),
	[SAY_UNKNOWN_ELEMENT] = N_("is not allowed here; allowed here: {1}"),
	[SAY_OTHER_CASE] =
		N_("is not allowed here: write {1}, upper and lower case matter"),
	[SAY_MISSING] = N_("is missing; it is required, even if it says nothing new"),
	[SAY_TWICE] = N_("stands here a second time; once is allowed"),
	[SAY_WRONG_PLACE] = N_("is in the wrong place; the order is {1}"),
	[SAY_ATTRIBUTE] =
		N_("has the attribute {1}; no attributes are allowed: remove it"),
	[SAY_SCHEMA_ATTRIBUTE] =
		N_("has the attribute {1}; no attributes are allowed, not even this one, "
		   "for the gateway has its own schema: remove it"),
	[SAY_STRAY_TEXT] = N_("stands between the elements, where no text is allowed: "
			      "remove it, or put it into a field"),
	[SAY_CHILD] = N_("holds an element, {1}; only text is allowed in it: write &lt; "
			 "for a \"<\" that belongs to the text"),
	[SAY_INSTRUCTION] = N_("holds a processing instruction, <?{1} ...?>; only text "
			       "is allowed in it: remove it"),
	[SAY_BLANK] = N_("is blank; it must not be"),
	[SAY_TOO_LONG] = N_("is {1} characters long; at most {2} are allowed"),
	[SAY_SPACE_AROUND] = N_("begins or ends with white space, which is not allowed: "
				"write the value right between its tags, on one line"),
	[SAY_CONTROL] =
		N_("holds the control character {1}, which is not allowed: remove it"),
	[SAY_NOT_A_DATE] = N_("is not a date: write year-month-day, such as 2020-05-01"),
	[SAY_NO_SUCH_DAY] = N_(
		"is not a day of the calendar: write year-month-day, such as 2020-05-01"),
	[SAY_NOT_A_BOOLEAN] =
		N_("is neither true nor false: write true or false (or 1 or 0)"),
	[SAY_OTHER_WEBSITE] =
		N_("is not the website of this gateway, which is \"{1}\": drop the file "
		   "where its own website is served, or mend the code"),
	[SAY_SHOP_ID] =
		N_("is not a whole number from 1 to 2147483647 without leading zeros. "
		   "This is a limit of the shop (OpenSi Connect), which would store it "
		   "as another number; shop_limits = false lifts the check"),
	[SAY_SHOP_LENGTH] =
		N_("is {1} bytes long in UTF-8; at most {2} are allowed. This is a limit "
		   "of the shop (OpenSi Connect), which would cut the rest off in "
		   "silence; shop_limits = false lifts the check"),
	[SAY_SHOP_TWICE] = N_("has already been used by comment {1} (line {2}) with "
			      "another content: give each comment a number of its own. "
			      "This is a limit of the shop (OpenSi Connect), which would "
			      "keep only the first; shop_limits = false lifts the check"),
	[SAY_SCHEMA] = N_("does not follow the schema: {1}"),
};

static char *shown(const char *text, size_t max_chars)
{
	auto_buf struct buf clean = {.max_bytes = RULE_MAX_BYTES};
	text_add_clean(&clean, text, strlen(text), max_chars);
	return buf_take(&clean);
}

static void add_filled(struct buf *out, const char *text, const struct fault *fault)
{
	for (const char *brace; (brace = strchr(text, '{')); text = brace + 3) {
		const char *filling = brace[1] == '1' ? fault->first : fault->second;
		assert(filling);
		buf_add(out, text, (size_t)(brace - text));
		text_add_clean(out, filling, strlen(filling), WORDS_CHARS);
	}
	buf_add_text(out, text);
}

static void keep(struct problems *p, const struct fault *fault)
{
	auto_buf struct buf rule = {.max_bytes = RULE_MAX_BYTES};
	add_filled(&rule, _(sentences[fault->say]), fault);
	p->kept[p->kept_count++] = (struct problem){
		.line = fault->line,
		.comment = fault->comment,
		.field = fault->field ? shown(fault->field, SHOWN_CHARS) : NULL,
		.value = fault->value ? shown(fault->value, SHOWN_CHARS) : NULL,
		.rule = buf_take(&rule),
	};
}

static void free_problem(const struct problem *problem)
{
	free(problem->order);
	free(problem->field);
	free(problem->value);
	free(problem->rule);
}

void problems_add(struct problems *p, const struct fault *fault)
{
	p->count++;
	if (p->kept_count < PROBLEMS_KEPT)
		keep(p, fault);
}

void problems_conclude(struct problems *p, const struct fault *fault)
{
	p->count++;
	if (p->kept_count == PROBLEMS_KEPT)
		free_problem(&p->kept[--p->kept_count]);
	keep(p, fault);
}

void problems_name_order(struct problems *p, size_t first, const char *order)
{
	for (size_t i = first; i < p->kept_count; i++)
		p->kept[i].order = shown(order, SHOWN_CHARS);
}

void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->kept_count; i++)
		free_problem(&p->kept[i]);
	*p = (struct problems){0};
}

char *words_of_libxml2(const char *message)
{
	size_t len = message ? strlen(message) : 0;
	while (len && (message[len - 1] == '\n' || message[len - 1] == ' '))
		len--;
	auto_buf struct buf clean = {.max_bytes = RULE_MAX_BYTES};
	text_add_clean(&clean, message ? message : "", len, WORDS_CHARS);
	return buf_take(&clean);
}
