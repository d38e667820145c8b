#!/usr/bin/env bash
# Boots a Debian kernel with the driver `vivid`, a V4L2 camera without hardware, in QEMU, and runs the tests that need one there.
# The virtual machine sees this machine's files read-only. Usage: run.sh WORK_FOLDER TESTS_DLL
set -euo pipefail
work=$1 tests=$2
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# Software emulation is slow: a start of the host takes a minute.
readonly seconds_max=900
mkdir -p "$work"
cd "$work"

# The newest kernel of this Debian, unpacked here and not installed.
package=$(apt-cache depends "linux-image-$(dpkg --print-architecture)" | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
release=${package#linux-image-}
if [[ ! -f kernel/boot/vmlinuz-$release ]]; then
    rm -rf kernel ./*.deb
    apt-get -q -o APT::Sandbox::User=root download "$package" >&2
    dpkg -x ./"$package"_*.deb kernel
    rm ./*.deb
fi
depmod -b kernel "$release"

rm -rf first
mkdir -p first/{bin,modules,proc,sys,dev}
cp /bin/busybox first/bin/
cp "$here/init" first/init
chmod +x first/init
for module in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe -d kernel -S "$release" --show-depends "$module"
done | awk '$1 == "insmod" { print $2 }' | awk '!seen[$0]++' | while read -r file; do
    cp "$file" first/modules/
    basename "$file" >>first/modules/order
done
cat >first/guest.sh <<GUEST
export PATH=$PATH HOME=/tmp DOTNET_ROOT=${DOTNET_ROOT:-} DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 NO_COLOR=1 TERM=dumb
uname -sr
modprobe -d '$work/kernel' vivid n_devs=1 node_types=0x1 || exit 1
ls -l /dev/video*
cd /tmp
dotnet '$tests' --explicit only --filter-class '*A_camera_on_this_machine' --results-directory /tmp --no-progress --no-ansi --show-live-output on
GUEST
(cd first && find . | cpio -o -H newc 2>/dev/null | gzip) >first.gz

timeout --foreground -k 10 "$seconds_max" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 4096 \
    -nographic -no-reboot -nic none -kernel "kernel/boot/vmlinuz-$release" -initrd first.gz \
    -append 'console=ttyS0 quiet panic=-1' -device virtio-9p-pci,fsdev=root,mount_tag=root \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap </dev/null | stdbuf -oL tr -d '\r' | tee output.log
grep -q '^guest ended with 0$' output.log
