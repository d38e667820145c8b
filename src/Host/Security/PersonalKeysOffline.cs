using Events.Application.Contracts;
using Events.Host.Settings;
using Npgsql;

namespace Events.Host.Security;

/// <summary>The keys of people for verbs that read the log without a host.</summary>
internal static class PersonalKeysOffline
{
    public const string KeyFile = "sources.key";

    /// <summary>Adds <see cref="IPersonalData"/> and <see cref="IUserNames"/>; nothing when the folder has no key.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="keys">The folder with the keys.</param>
    /// <returns>Whether they are there.</returns>
    public static bool AddPersonalKeys(this IServiceCollection services, string connectionString, string data, string keys)
    {
        string file = Path.Combine(keys, KeyFile);
        if (!File.Exists(file))
        {
            return false;
        }

        string key = KeyFiles.ReadOwnerOnly(file);
        services.AddSingleton(_ => NpgsqlDataSource.Create(connectionString));
        services.AddSingleton(provider => new PersonalKeys(
            new SealedValues(new ProtectedValues(provider.GetRequiredService<NpgsqlDataSource>()), key),
            new ErasedList(data, TimeProvider.System),
            PseudonymRule.None));
        services.AddSingleton<IPersonalData>(provider => provider.GetRequiredService<PersonalKeys>());
        services.AddSingleton<IUserNames>(provider => provider.GetRequiredService<PersonalKeys>());
        return true;
    }
}
