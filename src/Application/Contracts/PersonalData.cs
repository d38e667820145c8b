namespace Events.Application.Contracts;

/// <summary>What a personal member of a fact is.</summary>
public enum PersonalKind
{
    /// <summary>What a user signs in as.</summary>
    Name = 1,

    /// <summary>Where somebody came from.</summary>
    Address = 2,

    /// <summary>What somebody wrote about a user.</summary>
    Text = 3,

    /// <summary>Who did it. Never sealed: users are named by an id that says nothing. Others may get a pseudonym.</summary>
    Account = 4,
}

/// <param name="Subject">Whose key it is.</param>
/// <param name="Bytes">32; none when this installation cannot open it.</param>
public readonly record struct SubjectKey(string Subject, byte[] Bytes);

/// <summary>
/// The keys under which what facts say of people is sealed, one for each subject, and the installation's rule for pseudonyms. A
/// subject is a user's account, or a month, for addresses of those whom nobody knows.
/// </summary>
public interface IPersonalData
{
    /// <returns>32 bytes; none when the key is there, but this installation cannot open it; null when it was erased.</returns>
    /// <exception cref="DependencyUnavailableException">It is not in memory, and PostgreSQL does not answer.</exception>
    byte[]? Find(string subject);

    /// <summary>
    /// The same for writing. The key of a month is made when it is first needed; where there is one that this installation cannot
    /// open, under another subject's name, which is to be written beside what it seals.
    /// </summary>
    /// <returns>Null when it was erased.</returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    ValueTask<SubjectKey?> FindOrMakeAsync(string subject, CancellationToken cancellationToken);

    /// <returns>
    /// What is stored in place of <paramref name="value"/>: the same for the same value, and of no use without the installation's
    /// key. Null where the value itself is to be stored, sealed if it is personal.
    /// </returns>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    ValueTask<string?> PseudonymAsync(PersonalKind kind, string value, CancellationToken cancellationToken);
}
