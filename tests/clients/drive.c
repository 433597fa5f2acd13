// SPDX-License-Identifier: MIT
//
// An observer, preloaded in a run of its own: how does a program drive its handshakes? To each
// SSL_CTX it gives a keylog callback, which libssl calls when a handshake has its secrets, and from
// there looks up the stack, to the last function of OpenSSL's before the program's own. For each
// handshake it writes to the file $DRIVE_RECORD: the function, the object that called it, and the
// kind of BIO that bytes came in by. It judges nothing, and never takes part.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#include <openssl/ssl.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_openssl(const char *path)
{
	const char *name = base_name(path);

	return !strncmp(name, "libssl.so", 9) || !strncmp(name, "libcrypto.so", 12);
}

// The function that was called from outside, where its caller names it. One that ends by jumping to
// another leaves no frame, as SSL_connect does for SSL_do_handshake: then what the caller's
// instruction names is the truth.
static const void *called(const unsigned char *after)
{
	const unsigned char *stub;
	int32_t distance;
	const void *target;

	// call *DISTANCE(%rip)
	if (after[-6] == 0xff && after[-5] == 0x15) {
		memcpy(&distance, after - 4, sizeof(distance));
		memcpy(&target, after + distance, sizeof(target));
		return target;
	}
	// call STUB, which is: [endbr64] [bnd] jmp *DISTANCE(%rip)
	if (after[-5] != 0xe8)
		return NULL;
	memcpy(&distance, after - 4, sizeof(distance));
	stub = after + distance;
	if (!memcmp(stub, "\xf3\x0f\x1e\xfa", 4))
		stub += 4;
	if (*stub == 0xf2)
		stub++;
	if (stub[0] != 0xff || stub[1] != 0x25)
		return NULL;
	memcpy(&distance, stub + 2, sizeof(distance));
	memcpy(&target, stub + 6 + distance, sizeof(target));
	return target;
}

static void *function_of(const SSL *ssl, const char *name)
{
	// The object that owns the first function pointer of an SSL's method owns the SSL.
	Dl_info info;
	void *library, *function;
	void *const *words = (void *const *)ssl;

	for (int i = 0; i < 4; i++) {
		if (!dladdr(words[i], &info) || !is_openssl(info.dli_fname))
			continue;
		library = dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
		function = library ? dlsym(library, name) : NULL;
		return function;
	}
	return NULL;
}

static const char *bio_of(const SSL *ssl)
{
	BIO *(*get_rbio)(const SSL *) = (BIO * (*)(const SSL *)) function_of(ssl, "SSL_get_rbio");
	const char *(*method_name)(const BIO *) =
		(const char *(*)(const BIO *))function_of(ssl, "BIO_method_name");
	BIO *bio = get_rbio ? get_rbio(ssl) : NULL;

	return bio && method_name ? method_name(bio) : "?";
}

struct walk {
	bool inside;
	const char *function;
	// Where the first function outside goes on after its call.
	const unsigned char *after;
};

// Goes no further than it must: what stands above may be another coroutine's stack.
static _Unwind_Reason_Code step(struct _Unwind_Context *frame, void *data)
{
	struct walk *walk = data;
	const unsigned char *at = (const unsigned char *)_Unwind_GetIP(frame);
	Dl_info info;
	bool known = at && dladdr(at - 1, &info);

	if (known && is_openssl(info.dli_fname)) {
		walk->inside = true;
		walk->function = info.dli_sname ? info.dli_sname : "?";
	} else if (walk->inside) {
		walk->after = at;
		return _URC_END_OF_STACK;
	}
	return _URC_NO_REASON;
}

// The loader knows the program by its argv[0], over which some write what they do.
static const char *object_of(const Dl_info *info)
{
	static char itself[256];

	if (info->dli_fname[0] == '/')
		return base_name(info->dli_fname);
	return readlink("/proc/self/exe", itself, sizeof(itself) - 1) < 0 ? "?" : base_name(itself);
}

static void note(const SSL *ssl)
{
	struct walk walk = { .function = "?" };
	const char *caller = "?";
	const void *target = NULL;
	char line[1024];
	Dl_info info;

	_Unwind_Backtrace(step, &walk);
	// A caller of no object, as code made at run time, stays without a name.
	if (walk.after && dladdr(walk.after - 1, &info)) {
		caller = object_of(&info);
		target = called(walk.after);
	}
	if (target && dladdr(target, &info) && is_openssl(info.dli_fname) && info.dli_sname)
		walk.function = info.dli_sname;
	snprintf(line, sizeof(line), "%s\t%s\t%s\n", walk.function, caller, bio_of(ssl));

	int fd = open(getenv("DRIVE_RECORD"), O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		abort();
	close(fd);
}

// TLS 1.3 tells of several secrets; this one comes when the server's Finished has come.
static void on_secret(const SSL *ssl, const char *line)
{
	if (!strncmp(line, "CLIENT_RANDOM ", 14) || !strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24))
		note(ssl);
}

static SSL_CTX *watched(SSL_CTX *ctx, void *library)
{
	void (*set)(SSL_CTX *, SSL_CTX_keylog_cb_func) =
		(void (*)(SSL_CTX *, SSL_CTX_keylog_cb_func))dlsym(library,
								   "SSL_CTX_set_keylog_callback");

	if (ctx && set && getenv("DRIVE_RECORD"))
		set(ctx, on_secret);
	return ctx;
}

// A method is a constant of the libssl that it is meant for.
static void *library_of(const SSL_METHOD *method)
{
	Dl_info info;

	return dladdr(method, &info) ? dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY) : NULL;
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
	void *library = library_of(method);
	SSL_CTX *(*real)(const SSL_METHOD *) =
		library ? (SSL_CTX * (*)(const SSL_METHOD *)) dlsym(library, "SSL_CTX_new") : NULL;

	return real ? watched(real(method), library) : NULL;
}

SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *libctx, const char *propq, const SSL_METHOD *method)
{
	void *library = library_of(method);
	SSL_CTX *(*real)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *) =
		library ? (SSL_CTX * (*)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *))
				  dlsym(library, "SSL_CTX_new_ex")
			: NULL;

	return real ? watched(real(libctx, propq, method), library) : NULL;
}
