/* SPDX-License-Identifier: MIT
 *
 * Codes of protocols that are never spoken here have a row each all the same, so that the
 * test which counts the rows finds the codes of a later libcurl.
 */
#include "system/curl_table.h"

#include <stddef.h>

#include "base/words.h"

#define FOREIGN                                                                          \
	{                                                                                \
		N_("libcurl failed in a way that HTTP has no use for"), NULL             \
	}
#define OWN_FAULT                                                                        \
	{                                                                                \
		N_("libcurl was asked for what it cannot do"),                           \
			N_("check that libcurl is 7.88 or later, with TLS")              \
	}
#define TLS_FAILED N_("no TLS connection could be agreed on")
#define TLS_REMEDY                                                                       \
	N_("check that url has the right port and https, and that the shop's server "    \
	   "speaks TLS 1.2 or later")

static const struct curl_row rows[] = {
	[CURLE_UNSUPPORTED_PROTOCOL] = {N_("not a protocol that is spoken here"),
		N_("check that url begins with https:// and that a web server answers "
		   "there")},
	[CURLE_FAILED_INIT] = {N_("libcurl could not start"), NULL},
	[CURLE_URL_MALFORMAT] = {N_("url is not a web address"), N_("mend url")},
	[CURLE_NOT_BUILT_IN] = OWN_FAULT,
	[CURLE_COULDNT_RESOLVE_PROXY] = {N_("the proxy's name is not known to DNS"),
		N_("check the host name in proxy and this server's name resolution")},
	[CURLE_COULDNT_RESOLVE_HOST] = {N_("the shop's name is not known to DNS"),
		N_("check the host name in url and this server's name resolution")},
	[CURLE_COULDNT_CONNECT] = {N_("nobody takes the connection"),
		N_("check that the shop's web server runs, the port in url, and "
		   "firewalls")},
	[CURLE_WEIRD_SERVER_REPLY] = {N_("the answer is not HTTP"),
		N_("check that url leads to the shop's web server")},
	[CURLE_REMOTE_ACCESS_DENIED] = FOREIGN,
	[CURLE_FTP_ACCEPT_FAILED] = FOREIGN,
	[CURLE_FTP_WEIRD_PASS_REPLY] = FOREIGN,
	[CURLE_FTP_ACCEPT_TIMEOUT] = FOREIGN,
	[CURLE_FTP_WEIRD_PASV_REPLY] = FOREIGN,
	[CURLE_FTP_WEIRD_227_FORMAT] = FOREIGN,
	[CURLE_FTP_CANT_GET_HOST] = FOREIGN,
	[CURLE_HTTP2] = FOREIGN,
	[CURLE_FTP_COULDNT_SET_TYPE] = FOREIGN,
	[CURLE_PARTIAL_FILE] = {N_("the connection ended amid the answer"),
		N_("see the shop's web server's log")},
	[CURLE_FTP_COULDNT_RETR_FILE] = FOREIGN,
	[CURLE_OBSOLETE20] = FOREIGN,
	[CURLE_QUOTE_ERROR] = FOREIGN,
	[CURLE_HTTP_RETURNED_ERROR] = FOREIGN,
	[CURLE_WRITE_ERROR] = {N_("the answer was not read to its end"), NULL},
	[CURLE_OBSOLETE24] = FOREIGN,
	[CURLE_UPLOAD_FAILED] = FOREIGN,
	[CURLE_READ_ERROR] = {N_("the request could not be read"), NULL},
	[CURLE_OUT_OF_MEMORY] =
		{N_("libcurl ran out of memory, or a header line is too long"), NULL},
	[CURLE_OPERATION_TIMEDOUT] = {N_("the time was up"),
		N_("if the shop is only slow, raise request_timeout; if it is not "
		   "reached at all, look for a firewall that drops the connection")},
	[CURLE_OBSOLETE29] = FOREIGN,
	[CURLE_FTP_PORT_FAILED] = FOREIGN,
	[CURLE_FTP_COULDNT_USE_REST] = FOREIGN,
	[CURLE_OBSOLETE32] = FOREIGN,
	[CURLE_RANGE_ERROR] = FOREIGN,
	[CURLE_HTTP_POST_ERROR] = {N_("the request could not be made"), NULL},
	[CURLE_SSL_CONNECT_ERROR] = {TLS_FAILED, TLS_REMEDY},
	[CURLE_BAD_DOWNLOAD_RESUME] = FOREIGN,
	[CURLE_FILE_COULDNT_READ_FILE] = FOREIGN,
	[CURLE_LDAP_CANNOT_BIND] = FOREIGN,
	[CURLE_LDAP_SEARCH_FAILED] = FOREIGN,
	[CURLE_OBSOLETE40] = FOREIGN,
	[CURLE_FUNCTION_NOT_FOUND] = OWN_FAULT,
	[CURLE_ABORTED_BY_CALLBACK] =
		{N_("the connection was lost while the request was sent"), NULL},
	[CURLE_BAD_FUNCTION_ARGUMENT] = OWN_FAULT,
	[CURLE_OBSOLETE44] = FOREIGN,
	[CURLE_INTERFACE_FAILED] = {N_("the network interface failed"), NULL},
	[CURLE_OBSOLETE46] = FOREIGN,
	[CURLE_TOO_MANY_REDIRECTS] = FOREIGN,
	[CURLE_UNKNOWN_OPTION] = OWN_FAULT,
	[CURLE_SETOPT_OPTION_SYNTAX] = OWN_FAULT,
	[CURLE_OBSOLETE50] = FOREIGN,
	[CURLE_OBSOLETE51] = FOREIGN,
	[CURLE_GOT_NOTHING] = {N_("the shop hung up without an answer"),
		N_("see the shop's web server's log")},
	[CURLE_SSL_ENGINE_NOTFOUND] = {TLS_FAILED, NULL},
	[CURLE_SSL_ENGINE_SETFAILED] = {TLS_FAILED, NULL},
	[CURLE_SEND_ERROR] = {N_("the connection was lost while the request was sent"),
		N_("see the shop's web server's log, and whether it limits the size of "
		   "requests")},
	[CURLE_RECV_ERROR] = {N_("the connection was lost before the answer was whole"),
		N_("see the shop's web server's log, and the proxy's if there is one; a "
		   "server that asks for a client certificate may break off like this")},
	[CURLE_OBSOLETE57] = FOREIGN,
	[CURLE_SSL_CERTPROBLEM] = {N_("our client certificate cannot be used"),
		N_("check client_cert and client_key: PEM files that belong together")},
	[CURLE_SSL_CIPHER] = {TLS_FAILED, TLS_REMEDY},
	[CURLE_PEER_FAILED_VERIFICATION] =
		{N_("the shop's certificate is not to be trusted"),
			N_("check the host name in url, that the certificate is still "
			   "valid, and that its authority is known here; for an "
			   "authority of your own set ca_file")},
	[CURLE_BAD_CONTENT_ENCODING] =
		{N_("the answer is compressed in a way that cannot be undone"), NULL},
	[CURLE_OBSOLETE62] = FOREIGN,
	[CURLE_FILESIZE_EXCEEDED] = {N_("the answer is too large"), NULL},
	[CURLE_USE_SSL_FAILED] = FOREIGN,
	[CURLE_SEND_FAIL_REWIND] = {N_("a kept connection was lost before the answer "
				       "came, and a request is never sent twice"),
		NULL},
	[CURLE_SSL_ENGINE_INITFAILED] = {TLS_FAILED, NULL},
	[CURLE_LOGIN_DENIED] = {N_("the login was refused"),
		N_("check basic_auth_file and the credentials in proxy")},
	[CURLE_TFTP_NOTFOUND] = FOREIGN,
	[CURLE_TFTP_PERM] = FOREIGN,
	[CURLE_REMOTE_DISK_FULL] = FOREIGN,
	[CURLE_TFTP_ILLEGAL] = FOREIGN,
	[CURLE_TFTP_UNKNOWNID] = FOREIGN,
	[CURLE_REMOTE_FILE_EXISTS] = FOREIGN,
	[CURLE_TFTP_NOSUCHUSER] = FOREIGN,
	[CURLE_OBSOLETE75] = FOREIGN,
	[CURLE_OBSOLETE76] = FOREIGN,
	[CURLE_SSL_CACERT_BADFILE] =
		{N_("the certificates of authorities cannot be read"),
			N_("check ca_file: a readable PEM file; without it, install "
			   "ca-certificates")},
	[CURLE_REMOTE_FILE_NOT_FOUND] = FOREIGN,
	[CURLE_SSH] = FOREIGN,
	[CURLE_SSL_SHUTDOWN_FAILED] = {N_("the TLS connection broke"), NULL},
	[CURLE_AGAIN] = {N_("the connection was not ready"), NULL},
	[CURLE_SSL_CRL_BADFILE] = {TLS_FAILED, NULL},
	[CURLE_SSL_ISSUER_ERROR] = {N_("the shop's certificate is not to be trusted"),
		N_("check its issuer")},
	[CURLE_FTP_PRET_FAILED] = FOREIGN,
	[CURLE_RTSP_CSEQ_ERROR] = FOREIGN,
	[CURLE_RTSP_SESSION_ERROR] = FOREIGN,
	[CURLE_FTP_BAD_FILE_LIST] = FOREIGN,
	[CURLE_CHUNK_FAILED] = FOREIGN,
	[CURLE_NO_CONNECTION_AVAILABLE] = {N_("no connection was free"), NULL},
	[CURLE_SSL_PINNEDPUBKEYNOTMATCH] =
		{N_("the shop's certificate is not the one expected"), NULL},
	[CURLE_SSL_INVALIDCERTSTATUS] =
		{N_("the shop's certificate is not to be trusted"),
			N_("check if it was revoked")},
	[CURLE_HTTP2_STREAM] = FOREIGN,
	[CURLE_RECURSIVE_API_CALL] = OWN_FAULT,
	[CURLE_AUTH_ERROR] = {N_("the login could not be made"), NULL},
	[CURLE_HTTP3] = FOREIGN,
	[CURLE_QUIC_CONNECT_ERROR] = FOREIGN,
	[CURLE_PROXY] = {N_("the proxy did not let the connection through"),
		N_("check proxy and its credentials")},
	[CURLE_SSL_CLIENTCERT] = {N_("the shop asks for a client certificate"),
		N_("set client_cert and client_key")},
	[CURLE_UNRECOVERABLE_POLL] = {N_("waiting for the network failed"),
		N_("check the limit of open files")},
};

const struct curl_row *curl_table_find(CURLcode code)
{
	static const struct curl_row later = {
		N_("libcurl reports an error that this program does not know"), NULL};
	size_t row = (size_t)code;

	if (row >= sizeof(rows) / sizeof(rows[0]) || !rows[row].what)
		return &later;
	return &rows[row];
}
