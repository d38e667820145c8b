using Events.Application.Contracts;
using Events.Host.Settings;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Events.Host.Security;

/// <summary>The keys of people for verbs that read the log without a host.</summary>
internal static class PersonalKeysOffline
{
    /// <summary>Adds <see cref="IPersonalData"/> and <see cref="IUserNames"/>; nothing when the folder has no key.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="keys">The folder with the keys.</param>
    /// <returns>Whether they are there.</returns>
    public static bool AddPersonalKeys(this IServiceCollection services, string connectionString, string data, string keys)
    {
        if (SecretsKeys.OpenExisting(keys) is not { } secrets)
        {
            return false;
        }

        services.TryAddSingleton(_ => NpgsqlDataSource.Create(connectionString));
        services.AddSingleton(provider => new PersonalKeys(
            new SealedValues(new ProtectedValues(provider.GetRequiredService<NpgsqlDataSource>()), secrets),
            new ErasedList(data, TimeProvider.System),
            PseudonymRule.None));
        services.AddSingleton<IPersonalData>(provider => provider.GetRequiredService<PersonalKeys>());
        services.AddSingleton<IUserNames>(provider => provider.GetRequiredService<PersonalKeys>());
        return true;
    }
}
