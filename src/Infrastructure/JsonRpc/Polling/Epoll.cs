using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Events.JsonRpc.Polling;

/// <summary>What there is to do on a socket (epoll_ctl(2)).</summary>
[Flags]
internal enum Readiness
{
    None = 0,
    Readable = 0x001,
    Writable = 0x004,

    /// <summary>Told without being asked for.</summary>
    Failed = 0x008,

    /// <inheritdoc cref="Failed"/>
    HungUp = 0x010,
}

/// <summary>The kernel's list of sockets to wait for (epoll(7)). It reports what is ready as long as it is.</summary>
internal sealed partial class Epoll
{
    private const int CloseOnExec = 0x80000;
    private const int Interrupted = 4;
    private const int EventsMax = 256;

    /// <summary>Of one entry as the kernel lays it out: it is packed on x86-64, and nowhere else.</summary>
    private static readonly (int Size, int IdAt) _layout =
        RuntimeInformation.ProcessArchitecture is Architecture.X64 ? (12, 4) : (16, 8);

    private readonly SafeFileHandle _list;
    private readonly byte[] _events = new byte[EventsMax * _layout.Size];

    /// <exception cref="Win32Exception">The kernel has no room for it.</exception>
    internal Epoll()
    {
        int list = Create(CloseOnExec);
        _list = list >= 0 ? new SafeFileHandle(list, ownsHandle: true) : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private enum Change
    {
        Add = 1,
        Remove = 2,
        Modify = 3,
    }

    /// <summary>
    /// Changes what is waited for on a socket. One that is closed is off the list by itself: to take one off never fails.
    /// </summary>
    /// <param name="id">Comes back with what is ready.</param>
    internal void Want(SafeHandle socket, ulong id, Readiness before, Readiness now)
    {
        Change change = before is Readiness.None ? Change.Add : now is Readiness.None ? Change.Remove : Change.Modify;
        Span<byte> entry = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)now);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[_layout.IdAt..], id);
        if (Control(_list, (int)change, socket, ref MemoryMarshal.GetReference(entry)) < 0 && change is not Change.Remove)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Waits until something is ready.</summary>
    /// <returns>How many <see cref="At"/> tells of.</returns>
    internal int Wait()
    {
        int count;
        do
        {
            count = Wait(_list, ref _events[0], EventsMax, -1);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return count >= 0 ? count : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    internal (ulong Id, Readiness Ready) At(int index)
    {
        ReadOnlySpan<byte> entry = _events.AsSpan(index * _layout.Size, _layout.Size);
        return (BinaryPrimitives.ReadUInt64LittleEndian(entry[_layout.IdAt..]),
            (Readiness)BinaryPrimitives.ReadUInt32LittleEndian(entry));
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle list, int change, SafeHandle socket, ref byte entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(SafeFileHandle list, ref byte events, int countMax, int timeoutMs);
}
