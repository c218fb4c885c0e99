/* SPDX-License-Identifier: MIT
 *
 * The least that a program can do with comment files, and so the limit of all others:
 * read, parse, validate by the schema, build an envelope, POST, parse the answer, rename.
 * One thread, one connection kept alive; no claim, no journal, no flush, no retry. At the
 * first thing that is not as it should be it ends.
 *
 *	null-pipeline [--once] SPOOL URL SCHEMA BATCH
 *
 * BATCH is how many comments go into one POST at most; what is there goes out at once.
 * With --once it takes what lies in incoming/, else it then waits for more by inotify.
 */
#include <curl/curl.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"

#define BYTES_MOST ((size_t)256 * 1024 * 1024)
#define ENVELOPE_HEAD                                                                    \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                   \
	"<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" " \
	"xmlns:open=\"http://www.opensi.fr\" xmlns:xsd=\"http://www.opensi.fr/xsd\">"    \
	"<soapenv:Header><open:Header><open:key>0123456789abcdef0123456789abcdef"        \
	"</open:key></open:Header></soapenv:Header><soapenv:Body>"                       \
	"<open:setCommentsRequest><open:Website_Code>WEB1</open:Website_Code>"
#define ENVELOPE_TAIL "</open:setCommentsRequest></soapenv:Body></soapenv:Envelope>"

struct limit {
	int incoming, sent;
	size_t batch;
	xmlSchemaPtr schema;
	xmlSchemaValidCtxtPtr rules;
	xmlParserCtxtPtr parser;
	CURL *curl;
	struct curl_slist *head;
	struct buf bytes, envelope, answer;
	size_t comments; /* in the envelope */
	char **finished; /* names of files that are in it to the end */
	size_t finished_count, finished_room;
};

/* --- the shop --- */

static size_t receive(char *bytes, size_t size, size_t count, void *into)
{
	buf_add(into, bytes, size * count);
	return size * count;
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE &&
	       xmlStrEqual(node->name, (const xmlChar *)name);
}

static size_t count_good(const xmlNode *node)
{
	size_t count = 0;
	for (; node; node = node->next) {
		if (is_named(node, "Code") && node->children &&
			(*node->children->content == '1' ||
				*node->children->content == '2'))
			count++;
		if (node->type == XML_ELEMENT_NODE)
			count += count_good(node->children);
	}
	return count;
}

static void check_answer(struct limit *l)
{
	xmlDocPtr answer = xmlReadMemory(
		l->answer.bytes, (int)l->answer.len, NULL, NULL, XML_PARSE_NONET);
	if (!answer || count_good(xmlDocGetRootElement(answer)) != l->comments)
		errx(1, "not the answer that was hoped for");
	xmlFreeDoc(answer);
}

static void move_finished(struct limit *l)
{
	for (size_t i = 0; i < l->finished_count; i++) {
		auto_free char *name = l->finished[i];
		if (renameat(l->incoming, name, l->sent, name) < 0)
			err(1, "%s", name);
	}
	l->finished_count = 0;
}

static void post(struct limit *l)
{
	if (l->comments) {
		buf_add_text(&l->envelope, ENVELOPE_TAIL);
		buf_clear(&l->answer);
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDS, buf_peek(&l->envelope));
		curl_easy_setopt(l->curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)l->envelope.len);
		if (curl_easy_perform(l->curl) != CURLE_OK)
			errx(1, "the shop could not be reached");
		check_answer(l);
	}
	l->comments = 0;
	buf_clear(&l->envelope);
	buf_add_text(&l->envelope, ENVELOPE_HEAD);
	move_finished(l);
}

/* --- files --- */

static void add_escaped(struct buf *b, const char *text)
{
	for (size_t len = 0; *text; text += len) {
		len = strcspn(text, "<>&");
		buf_add(b, text, len);
		if (!text[len])
			break;
		buf_add_text(b, text[len] == '&'   ? "&amp;"
				: text[len] == '<' ? "&lt;"
						   : "&gt;");
		len++;
	}
}

static void add_comment(struct limit *l, const xmlNode *comment)
{
	buf_add_text(&l->envelope, "<open:Comment>");
	for (const xmlNode *field = comment->children; field; field = field->next) {
		const char *name = (const char *)field->name;
		if (field->type != XML_ELEMENT_NODE)
			continue;
		buf_add_format(&l->envelope, "<xsd:%s>", name);
		add_escaped(&l->envelope, (const char *)field->children->content);
		buf_add_format(&l->envelope, "</xsd:%s>", name);
	}
	buf_add_text(&l->envelope, "</open:Comment>");
	if (++l->comments == l->batch)
		post(l);
}

static void read_bytes(struct limit *l, const char *name)
{
	char part[64 * 1024];
	ssize_t count = 0;
	auto_close int fd = openat(l->incoming, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", name);
	buf_clear(&l->bytes);
	while ((count = read(fd, part, sizeof(part))) > 0)
		buf_add(&l->bytes, part, (size_t)count);
}

static void take_file(struct limit *l, const char *name)
{
	if (fnmatch("*.xml", name, FNM_PERIOD) != 0)
		return;
	read_bytes(l, name);
	xmlDocPtr document = xmlCtxtReadMemory(l->parser, l->bytes.bytes,
		(int)l->bytes.len, NULL, NULL, XML_PARSE_NONET);
	if (!document || xmlSchemaValidateDoc(l->rules, document) != 0)
		errx(1, "%s: not valid", name);
	const xmlNode *node = xmlDocGetRootElement(document)->children;
	for (; node; node = node->next)
		if (is_named(node, "Comment"))
			add_comment(l, node);
	xmlFreeDoc(document);
	l->finished = xgrow(l->finished, &l->finished_room, l->finished_count + 1,
		sizeof(*l->finished));
	l->finished[l->finished_count++] = xstrdup(name);
}

static void take_all(struct limit *l)
{
	DIR *folder = fdopendir(dup(l->incoming));
	const struct dirent *entry = NULL;
	if (!folder)
		err(1, "incoming");
	while ((entry = readdir(folder)))
		take_file(l, entry->d_name);
	(void)closedir(folder);
	post(l);
}

static void take_events(struct limit *l, int inotify)
{
	_Alignas(struct inotify_event) char events[16 * 1024];
	ssize_t count = 0;
	while ((count = read(inotify, events, sizeof(events))) > 0) {
		const struct inotify_event *event = NULL;
		for (ssize_t at = 0; at < count;
			at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(events + at);
			take_file(l, event->name);
		}
		post(l);
	}
}

/* --- the start --- */

static int watch(const struct limit *l)
{
	auto_close int inotify = inotify_init1(IN_CLOEXEC);
	if (fchdir(l->incoming) < 0 ||
		inotify_add_watch(inotify, ".", IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
		err(1, "inotify");
	return take_fd(&inotify);
}

static int open_folder(const char *spool, const char *name)
{
	auto_close int at = open(spool, O_DIRECTORY | O_PATH | O_CLOEXEC);
	int fd = openat(at, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(73, "%s/%s", spool, name);
	return fd;
}

static void load_rules(struct limit *l, const char *path)
{
	xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(path);
	l->schema = xmlSchemaParse(parser);
	if (!l->schema)
		errx(78, "%s", path);
	l->rules = xmlSchemaNewValidCtxt(l->schema);
	l->parser = xmlNewParserCtxt();
	xmlSchemaFreeParserCtxt(parser);
}

static void prepare_requests(struct limit *l, const char *url)
{
	l->head = curl_slist_append(l->head, "Content-Type: text/xml; charset=utf-8");
	l->head = curl_slist_append(l->head, "SOAPAction: \"\"");
	l->head = curl_slist_append(l->head, "Expect:");
	l->curl = curl_easy_init();
	curl_easy_setopt(l->curl, CURLOPT_URL, url);
	curl_easy_setopt(l->curl, CURLOPT_HTTPHEADER, l->head);
	curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, &l->answer);
}

static void limit_done(struct limit *l)
{
	curl_easy_cleanup(l->curl);
	curl_slist_free_all(l->head);
	xmlFreeParserCtxt(l->parser);
	xmlSchemaFreeValidCtxt(l->rules);
	xmlSchemaFree(l->schema);
	buf_done(&l->bytes);
	buf_done(&l->envelope);
	buf_done(&l->answer);
	free(l->finished);
	(void)close(l->incoming);
	(void)close(l->sent);
}

int main(int argc, char **argv)
{
	bool is_once = argc == 6 && strcmp(argv[1], "--once") == 0;
	if (argc != 5 && !is_once) {
		fputs("usage: null-pipeline [--once] SPOOL URL SCHEMA BATCH\n", stderr);
		return 64;
	}
	char **arguments = argv + argc - 4;
	auto_with(limit_done) struct limit l = {
		.incoming = open_folder(arguments[0], "incoming"),
		.sent = open_folder(arguments[0], "sent"),
		.batch = strtoul(arguments[3], NULL, 10),
	};
	buf_init(&l.bytes, BYTES_MOST);
	buf_init(&l.envelope, BYTES_MOST);
	buf_init(&l.answer, BYTES_MOST);
	load_rules(&l, arguments[2]);
	prepare_requests(&l, arguments[1]);
	auto_close int inotify = watch(&l);
	post(&l);
	take_all(&l);
	if (!is_once)
		take_events(&l, inotify);
	return 0;
}
