using Events.Host.Operations;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Security;

/// <summary>
/// The key under which secrets in the database are encrypted, in <c>sources.key</c>. While it is being changed, the next one lies
/// beside it: everything is written under that, and what is read may be under either.
/// </summary>
internal sealed class SecretsKeys : IDisposable
{
    private const string PresentName = "sources.key";
    private const string NextName = "sources.next.key";

    /// <summary>Secrets that are written at the same moment; each takes a few milliseconds.</summary>
    private const int WritersMax = 64;

    private readonly string _folder;
    private readonly SemaphoreSlim _writers = new(WritersMax, WritersMax);
    private volatile IReadOnlyList<byte[]> _keys;

    private SecretsKeys(string folder)
    {
        _folder = folder;
        byte[] present = Read(PresentName);
        _keys = IsThere(NextName) ? [Read(NextName), present] : [present];
    }

    /// <summary>Whether a change of the key has begun and not ended.</summary>
    public bool IsChanging => _keys.Count > 1;

    /// <summary>Those that open what is there, the one that is written under first.</summary>
    public IReadOnlyList<byte[]> Reading => _keys;

    /// <summary>Reads the keys in a folder, and makes one where there is none.</summary>
    /// <exception cref="StartRefusedException">Others may read a file, or it holds no key.</exception>
    public static SecretsKeys Open(string folder) => new(folder);

    /// <returns>Null where the folder has none.</returns>
    /// <exception cref="StartRefusedException">Others may read a file, or it holds no key.</exception>
    public static SecretsKeys? OpenExisting(string folder) =>
        File.Exists(Path.Combine(folder, PresentName)) ? new SecretsKeys(folder) : null;

    /// <summary>Writes under the key that counts now; a change of it waits until that is done.</summary>
    public async Task WriteAsync(Func<byte[], Task> write, CancellationToken cancellationToken)
    {
        await _writers.WaitAsync(cancellationToken);
        try
        {
            await write(_keys[0]);
        }
        finally
        {
            _writers.Release();
        }
    }

    /// <summary>
    /// Makes the next key, or goes on with the one that is there: safe on disk before anything is written under it. When this
    /// returns, nothing is being written under the other one any more.
    /// </summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        int taken = 0;
        try
        {
            for (; taken < WritersMax; taken++)
            {
                await _writers.WaitAsync(cancellationToken);
            }

            byte[] present = _keys[^1];
            byte[] next = Read(NextName);
            UnixFiles.SyncFolder(_folder);
            _keys = [next, present];
        }
        finally
        {
            if (taken > 0)
            {
                _writers.Release(taken);
            }
        }
    }

    /// <summary>The next key takes the present one's place, which is gone for good. Nothing is under that one any more.</summary>
    public void Finish()
    {
        File.Move(Path.Combine(_folder, NextName), Path.Combine(_folder, PresentName), overwrite: true);
        UnixFiles.SyncFolder(_folder);
        _keys = [_keys[0]];
    }

    public void Dispose() => _writers.Dispose();

    private bool IsThere(string name) => File.Exists(Path.Combine(_folder, name));

    private byte[] Read(string name) => Base64UrlEncoder.DecodeBytes(KeyFiles.ReadOrMake(Path.Combine(_folder, name)));
}
