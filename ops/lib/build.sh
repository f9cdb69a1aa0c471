# Programs and web app. Sourced.
# shellcheck shell=bash

WEB=$ROOT/mobile_api/web

# build_programs TARGET…: all targets if none is named. ninja itself knows what has changed.
build_programs() {
  # The build folder is named by KUBARI_BUILD_DIR or by the preset.
  [[ -e $BUILD/build.ninja ]] || cmake -S "$ROOT" --preset release -B "$BUILD"
  nice ninja -C "$BUILD" -j "$(build_jobs)" "$@"
}

# A hash over all that the web app is made of.
web_sources_hash() {
  (cd "$ROOT" && find mobile_api/web proto -type f -not -path '*/node_modules/*' -not -path 'mobile_api/web/dist/*' \
    -not -path 'mobile_api/web/src/gen/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

# install_modules FOLDER: npm leaves node_modules/.package-lock.json behind, as old as the last installation.
install_modules() {
  cd "$1" || return
  [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci --no-audit --no-fund
}

web_is_built() { [[ -e $WEB/dist/index.html && $(cat "$BUILD/web-sources.sha256" 2>/dev/null) == "$(web_sources_hash)" ]]; }

build_web() {
  install_modules "$WEB"
  npm run build
  mkdir -p "$BUILD"
  web_sources_hash >"$BUILD/web-sources.sha256"
}
