using System.Text;
using Events.Application.Contracts;

namespace Events.Host.Security;

/// <summary>Hashes of passwords, sealed: whoever has the database alone cannot even guess.</summary>
internal sealed class PasswordStore(SealedValues values) : IPasswordStore
{
    public Task SetAsync(Guid passwordId, string hash, CancellationToken cancellationToken) =>
        values.SetAsync(NameOf(passwordId), Encoding.UTF8.GetBytes(hash), cancellationToken);

    public async Task<string?> FindAsync(Guid passwordId, CancellationToken cancellationToken) =>
        await values.FindAsync(NameOf(passwordId), cancellationToken) is { } plain ? Encoding.UTF8.GetString(plain) : null;

    public Task DeleteAsync(Guid passwordId, CancellationToken cancellationToken) =>
        values.DeleteAsync(NameOf(passwordId), cancellationToken);

    private static string NameOf(Guid passwordId) => $"password/{passwordId:d}";
}
