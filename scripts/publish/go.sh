#!/usr/bin/env bash
# Publishes dist/go as a commit and a tag of the repository that the module's path names.
set -euo pipefail
: "${GITHUB_TOKEN:?}" "${VERSION:?}"

source=$(pwd)/dist/go
module=$(sed -n 's/^module //p' "$source"/*/go.mod)
folder=$(basename "$module")
repository=$(dirname "$module")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# by a header in the environment, so that neither a list of processes nor the clone's configuration shows the token
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.https://github.com/.extraheader
GIT_CONFIG_VALUE_0="Authorization: Basic $(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 --wrap=0)"
export GIT_CONFIG_VALUE_0

git clone --quiet --depth 1 "https://$repository.git" "$work/module"
cd "$work/module"
rm -rf "$folder"
cp -R "$source/$folder" "$folder"
git add --all
git -c user.name='cdk-waf-captcha-api-key release' -c user.email=release@users.noreply.github.com \
  commit --quiet --message "chore: release $VERSION"
git tag "$folder/v$VERSION"
git push --quiet --atomic origin HEAD "$folder/v$VERSION"
