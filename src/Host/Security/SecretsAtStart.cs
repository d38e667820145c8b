using System.Security.Cryptography;
using Events.EventStore;
using Events.Host.Operations;
using Npgsql;

namespace Events.Host.Security;

/// <summary>
/// At a start: whether what is sealed in the database opens with the key in this folder. Where it does not, nothing is written
/// over, or all other hosts would lose it, and people are told what is closed to this one.
/// </summary>
internal static class SecretsAtStart
{
    /// <param name="areLost">
    /// Somebody said that the key is gone for good: the rows that every start needs are made anew under the one that is here, and
    /// all else that does not open stays as it is.
    /// </param>
    /// <param name="say">Gets a warning for people.</param>
    /// <exception cref="StartRefusedException">
    /// Somebody said that the key is gone while another host runs that can open what is sealed.
    /// </exception>
    public static async Task CheckAsync(
        string connectionString,
        SecretsKeys keys,
        string folder,
        bool areLost,
        IConnectedHosts hosts,
        Action<string> say,
        CancellationToken cancellationToken)
    {
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(connectionString);
        var rows = new ProtectedValues(database);
        if (await rows.FindAsync(PersonalKeys.OwnNames[0], cancellationToken) is null)
        {
            await new SealedValues(rows, keys).AddAsync(PersonalKeys.OwnNames[0], PersonalKeys.NewOwn(), cancellationToken);
        }

        // Of two first starts at the same moment, one made the row.
        if (await FindClosedAsync(rows, keys, cancellationToken) is [])
        {
            return;
        }

        if (!areLost)
        {
            string key = Path.Combine(folder, "sources.key");
            say($"warning: what is sealed in this database does not open with {key}: users' names, cameras' passwords and "
                + "encrypted files are closed to this host, and nobody signs in here by name.");
            say("         Copy the folder keys of the host or the backup that the database belongs to (several hosts on one "
                + "database share it), and start again. If that key is gone for good, start once with: up --secrets-lost");
            return;
        }

        if (await hosts.CountOthersAsync(cancellationToken) > 0)
        {
            throw new StartRefusedException(
                "Another host serves this database, and has the key that opens what is sealed in it: copy its folder keys to "
                + $"{folder}, or stop it first. --secrets-lost is for a key that nobody has any more.");
        }

        var values = new SealedValues(rows, keys);
        foreach (string name in await FindClosedAsync(rows, keys, cancellationToken))
        {
            await values.SetAsync(name, PersonalKeys.NewOwn(), cancellationToken);
        }
    }

    /// <returns>Those of the installation's own rows that are there and do not open.</returns>
    private static async Task<List<string>> FindClosedAsync(
        ProtectedValues rows, SecretsKeys keys, CancellationToken cancellationToken)
    {
        var values = new SealedValues(rows, keys);
        List<string> closed = [];
        foreach (string name in PersonalKeys.OwnNames)
        {
            try
            {
                await values.FindAsync(name, cancellationToken);
            }
            catch (CryptographicException)
            {
                closed.Add(name);
            }
        }

        return closed;
    }
}
