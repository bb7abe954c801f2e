#!/usr/bin/env bash
# Publishes dist/java to Maven Central by its Publisher API, with nothing but what the machine has: no Maven plugin
# is downloaded beside the credentials.
set -euo pipefail
: "${MAVEN_USERNAME:?}" "${MAVEN_PASSWORD:?}" "${MAVEN_GPG_PRIVATE_KEY:?}" "${MAVEN_GPG_PRIVATE_KEY_PASSPHRASE:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GNUPGHOME="$work/gnupg"
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --import <<<"$MAVEN_GPG_PRIVATE_KEY"

cp -R dist/java "$work/bundle"
cd "$work/bundle"
find . -name 'maven-metadata*' -delete
find . -type f \( -name '*.pom' -o -name '*.jar' \) | while read -r file; do
  gpg --batch --quiet --pinentry-mode loopback --passphrase-fd 0 --armor --detach-sign "$file" \
    <<<"$MAVEN_GPG_PRIVATE_KEY_PASSPHRASE"
  md5sum "$file" | cut -d' ' -f1 >"$file.md5"
  sha1sum "$file" | cut -d' ' -f1 >"$file.sha1"
done
zip --quiet --recurse-paths "$work/bundle.zip" .

# by a file, so that no list of processes shows the credentials
token=$(printf '%s:%s' "$MAVEN_USERNAME" "$MAVEN_PASSWORD" | base64 --wrap=0)
printf 'header = "Authorization: Bearer %s"\n' "$token" >"$work/curl"
curl --fail-with-body --silent --show-error --config "$work/curl" --form "bundle=@$work/bundle.zip" \
  'https://central.sonatype.com/api/v1/publisher/upload?publishingType=AUTOMATIC'
