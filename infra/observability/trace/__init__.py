"""The way of one message, hop by hop.

cli      the command; asks, and shows what it was told
answers  what the admin ports tell, fetched
way      pure: answers to steps, each with its milliseconds, and to a sentence that says how the message is
show     steps as a table with a timeline

    cli ─▶ answers ─▶ way ─▶ show
"""
