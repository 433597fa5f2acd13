#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Makes the certificates of the end-to-end tests in a folder: pki.sh DIR
# NAME.key, NAME.pem (the certificate), NAME-chain.pem (what a server sends), NAME.pin and
# NAME.cert (sha256/... of the key and of the certificate). Everything is made by openssl alone,
# so that the pins never come from the code under test.
set -eu

mkdir -p "$1"
cd "$1"
exec 2>openssl.log
trap 'cat openssl.log >&1' ERR

key() { # NAME
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

digest() {
	printf 'sha256/%s\n' "$(openssl dgst -sha256 -binary | base64 -w0)"
}

note_pins() { # NAME
	openssl x509 -in "$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER | digest >"$1.pin"
	openssl x509 -in "$1.pem" -outform DER | digest >"$1.cert"
}

root() { # NAME SUBJECT
	key "$1"
	openssl req -new -x509 -key "$1.key" -subj "$2" -days 30 -out "$1.pem" -config /dev/stdin <<-END
		[req]
		distinguished_name = dn
		x509_extensions = ext
		[dn]
		[ext]
		basicConstraints = critical, CA:true
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash
	END
	note_pins "$1"
}

issue() { # NAME SUBJECT ISSUER EXTENSIONS [REQUEST OPTION...]: EXTENSIONS are lines of openssl's x509v3
	local name=$1 subject=$2 issuer=$3 extensions=$4
	shift 4
	[ -e "$name.key" ] || key "$name"
	openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr" -config /dev/stdin <<-END
		[req]
		distinguished_name = dn
		[dn]
	END
	: >"$name.index"
	cat >"$name.cnf" <<-END
		[ca]
		default_ca = it
		[it]
		database = $name.index
		new_certs_dir = .
		rand_serial = yes
		default_md = sha256
		default_days = 20
		unique_subject = no
		policy = anything
		[anything]
		organizationName = optional
		commonName = optional
		[ext]
		$extensions
	END
	openssl ca -batch -notext -config "$name.cnf" -extensions ext -in "$name.csr" \
		-cert "$issuer.pem" -keyfile "$issuer.key" -out "$name.pem" "$@"
	note_pins "$name"
}

authority=$'basicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash'
server() { # NAME...: the extensions of a server's certificate
	printf 'basicConstraints = CA:false\nextendedKeyUsage = serverAuth\nauthorityKeyIdentifier = keyid\n'
	printf 'subjectAltName = %s\n' "$1"
}

api=DNS:api.example.com,DNS:localhost,IP:127.0.0.1

root root '/CN=Example Root'
root other '/CN=Other Root'
root stranger '/CN=Stranger Root' # trusted by nobody
cat root.pem other.pem >ca.pem
issue int '/CN=Example Intermediate' root "$authority"

# The honest server, its next key, its renewed certificate (same key), and neighbours under the same CA.
issue api /CN=api.example.com int "$(server $api)"
issue rotated /CN=api.example.com int "$(server $api)"
cp api.key renewed.key
issue renewed /CN=api.example.com int "$(server $api)"
issue www /CN=www.example.com int "$(server DNS:www.example.com)"
issue expired /CN=api.example.com int "$(server $api)" -startdate 20200101000000Z -enddate 20210101000000Z
issue site /CN=example.com int "$(server DNS:example.com)"
issue site-next /CN=example.com int "$(server DNS:example.com)"
for leaf in api rotated renewed www expired site site-next; do
	cat "$leaf.pem" int.pem >"$leaf-chain.pem"
done

# The honest server, which forgets to send the intermediate.
cp api.key alone.key
cp api.pem alone-chain.pem

# The honest server with a key that RSA key exchange takes.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
issue rsa /CN=api.example.com int "$(server $api)"
cat rsa.pem int.pem >rsa-chain.pem

# Nobody trusts this one: how a program fails that sees an untrusted certificate.
issue untrusted /CN=api.example.com stranger "$(server $api)"
cp untrusted.pem untrusted-chain.pem

# Another trusted CA issues for the name, and the pinned CA's certificates are sent along.
issue mitm /CN=api.example.com other "$(server $api)"
cat mitm.pem int.pem root.pem >mitm-chain.pem

# A leaf that names the pinned CA as its issuer, with the same or with no key identifier, but is
# signed by another key.
key thief
openssl req -new -x509 -key thief.key -subj '/CN=Example Intermediate' -out thief.pem -config /dev/stdin <<-END
	[req]
	distinguished_name = dn
	x509_extensions = ext
	[dn]
	[ext]
	subjectKeyIdentifier = $(openssl x509 -in int.pem -noout -ext subjectKeyIdentifier | sed -n 's/^ *//; 2p')
END
issue forged /CN=api.example.com thief "$(server $api)"
issue forged-noaki /CN=api.example.com thief "$(server $api | grep -v authorityKey)"
cat forged.pem int.pem >forged-chain.pem
cat forged-noaki.pem int.pem root.pem >forged-noaki-chain.pem

# A genuine leaf of another host under the pinned CA, used as if it were a CA.
issue subleaf /CN=api.example.com www "$(server $api)"
cat subleaf.pem www.pem int.pem >subleaf-chain.pem

# A genuine certificate for the name under the pinned CA, but not for servers.
issue client /CN=api.example.com int "$(server $api | sed s/serverAuth/clientAuth/)"
cat client.pem int.pem >client-chain.pem

# A genuine certificate whose signature rests on SHA-1, which can be forged.
issue sha1 /CN=api.example.com int "$(server $api)" -md sha1
cat sha1.pem int.pem >sha1-chain.pem

# Two devices that sign for themselves, and whose name is not the one they are reached by.
for device in device device2; do
	root $device /CN=device.local
	cp $device.pem $device-chain.pem
done

# Looks as if it had signed itself, but its issuer of the same name did.
issue namesake '/CN=Stranger Root' stranger "$(server DNS:www.example.com)"
cp namesake.pem namesake-chain.pem

# The honest server a few days before its certificate ends.
day() { # DATE
	date -u -d "$1" +%Y%m%d%H%M%SZ
}
issue soon /CN=api.example.com int "$(server $api)" \
	-startdate "$(day '-60 days')" -enddate "$(day '+80 hours')"
cat soon.pem int.pem >soon-chain.pem

# Under an intermediate that is called like one of several which their owner changes at will.
issue turning "/O=Let's Encrypt/CN=YR2" root "$authority"
issue turned /CN=api.example.com turning "$(server $api)"
cat turned.pem turning.pem >turned-chain.pem

# Under a younger root, which an older one has cross-signed.
root younger '/CN=Younger Root'
cp younger.key crossed.key
issue crossed '/CN=Younger Root' root "$authority"
issue young /CN=api.example.com younger "$(server $api)"
cat young.pem crossed.pem >young-chain.pem

# A pin of no key at all.
printf 'nobody' | digest >nobody.pin

rm -f -- *.csr *.cnf *.index* ????????????????????????????????????????.pem
