using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Events.Tests.Integration.Kit;

/// <summary>A syslog receiver over UDP, TCP or a socket file; keeps each message as a line, as receivers do.</summary>
internal sealed class SyslogReceiver : IDisposable
{
    private readonly List<string> _lines = [];
    private readonly Socket _socket;
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("syslog").FullName, "log");

    public SyslogReceiver(string scheme)
    {
        _socket = scheme switch
        {
            "udp" => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp),
            "tcp" => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
            _ => new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified),
        };
        _socket.Bind(scheme == "unix" ? new UnixDomainSocketEndPoint(_file) : new IPEndPoint(IPAddress.Loopback, 0));
        Url = scheme == "unix" ? $"unix://{_file}" : $"{scheme}://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}";
        _ = scheme == "tcp" ? AcceptAsync() : ReceiveAsync();
    }

    public string Url { get; }

    public string[] Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                int read = await _socket.ReceiveAsync(buffer);
                Add(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <summary>RFC 6587, octet counting: a length, a blank, so many bytes.</summary>
    private async Task AcceptAsync()
    {
        _socket.Listen();
        try
        {
            while (true)
            {
                using Socket one = await _socket.AcceptAsync();
                await using NetworkStream stream = new(one);
                using MemoryStream all = new();
                await stream.CopyToAsync(all);
                string text = Encoding.UTF8.GetString(all.ToArray());
                int blank = text.IndexOf(' ', StringComparison.Ordinal);
                int length = int.Parse(text[..blank], System.Globalization.CultureInfo.InvariantCulture);
                Add(length == text.Length - blank - 1 ? text[(blank + 1)..] : $"wrong length: {text}");
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Add(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
        }
    }
}
