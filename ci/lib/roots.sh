# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Minimal roots of Debian's suites, and sources of its packages, from the mirrors in apt's own configuration; commands
# that run in such a root.

# apt_lines SUITE: the lines of a sources.list for a root of this suite.
apt_lines() {
  local own address codename components
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016 # apt-get expands it
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' |
    sort -u | while read -r address codename components; do
    case $codename in
      "$own" | "$own"-updates | "$own"-security) echo "deb $address $1${codename#"$own"} $components" ;;
    esac
  done
}

# make_root SUITE ROOT: the packages that Debian requires, apt, and certificates. Where root_mirror is set, it is of that
# mirror of Ubuntu's, whose keys are in the file root_keyring.
make_root() {
  local lines
  if [ -n "${root_mirror:-}" ]; then
    lines="deb [signed-by=${root_keyring:?}] $root_mirror $1 main universe"
  else
    lines=$(apt_lines "$1")
  fi
  [ -n "$lines" ] || die "apt's configuration has no mirror of Debian: update it (apt-get update)"
  rm -rf "$2"
  mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io --include=apt,ca-certificates "$1" "$2" - <<<"$lines" || return 1
  # Ubuntu's own package has its keys there.
  sed -i 's/\[signed-by=[^]]*\] //' "$2"/etc/apt/sources.list "$2"/etc/apt/sources.list.d/*.list 2>/dev/null || true
  [ ! -e /etc/resolv.conf ] || cp --dereference /etc/resolv.conf "$2/etc/resolv.conf"
}

# fetch_sources FOLDER PACKAGE...: unpacks their sources there, of this system's own suite.
fetch_sources() {
  local folder=$1 options
  shift
  mkdir -p "$folder/apt/lists/partial"
  apt_lines "$(. /etc/os-release && echo "$VERSION_CODENAME")" | sed 's/^deb /deb-src /' >"$folder/apt/sources.list"
  options=(-q -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$folder/apt/lists"
           -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update && (cd "$folder" && apt-get "${options[@]}" --only-source source "$@")
}

# in_root ROOT COMMAND...: as root of that system, with none of this one's environment. It is no chroot, because in a
# chroot the kernel refuses user namespaces. Every process it starts ends with it.
in_root() {
  # shellcheck disable=SC2016 # the inner shell expands it
  unshare --mount --pid --fork --kill-child sh -c '
    root=$1
    shift
    mount --bind "$root" "$root" && cd "$root" &&
      mount -t proc proc proc && mount --rbind /sys sys && mount --rbind /dev dev &&
      pivot_root . . && umount -l . && cd /root &&
      exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
  ' sh "$@"
}

# clone_into ROOT: what is committed, in /root/conntrail of that root.
clone_into() {
  rm -rf "$1/root/conntrail"
  git clone --quiet --no-hardlinks . "$1/root/conntrail"
}
