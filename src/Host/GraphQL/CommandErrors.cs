namespace Events.Host.GraphQL;

// What a mutation may be refused for, one class for each family of refusals. The XML documentation is the schema's.

/// <summary>What the command is about is not there, or not any more.</summary>
/// <param name="Message">For people; may be reworded.</param>
/// <param name="Code">Stable, e.g. camera.not_registered.</param>
/// <param name="Subject">What was not found, e.g. camera, recording, snapshot.</param>
internal sealed record NotFoundError(string Message, string Code, string Subject);

/// <summary>A value that was given cannot be used.</summary>
/// <param name="Message">For people; says what is possible.</param>
/// <param name="Code">Stable, e.g. camera.bad_name.</param>
/// <param name="Field">The input field that is wrong.</param>
internal sealed record InvalidInputError(string Message, string Code, string Field);

/// <summary>The command does not fit the state that things are in.</summary>
/// <param name="Message">For people; may be reworded.</param>
/// <param name="Code">Stable, e.g. recording.already_running.</param>
internal sealed record WrongStateError(string Message, string Code);

/// <summary>Somebody else changed it in the meantime. Look again, then try again.</summary>
/// <param name="Message">For people; may be reworded.</param>
/// <param name="Code">Stable: command.conflict or command.version_changed.</param>
internal sealed record ConflictError(string Message, string Code);

/// <summary>Too many attempts, of an address, with wrong passwords or codes, or at once. Wait, then try again.</summary>
/// <param name="Message">For people; may be reworded.</param>
/// <param name="Code">Stable: auth.rate_limited, auth.locked or auth.too_many.</param>
/// <param name="RetryAfterSeconds">How long to wait, at least 1.</param>
internal sealed record TooManyAttemptsError(string Message, string Code, int RetryAfterSeconds);

/// <summary>The command was accepted, but something outside did not do it, or does not answer. Repeating it is safe.</summary>
/// <param name="Message">For people; may be reworded.</param>
/// <param name="Code">Stable: dependency.failed or dependency.unavailable.</param>
/// <param name="Dependency">What it is: camera, storage, postgresql, ffmpeg.</param>
internal sealed record DependencyError(string Message, string Code, string Dependency);
