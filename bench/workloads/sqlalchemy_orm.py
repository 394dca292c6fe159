"""SQLAlchemy: objects into a database in memory and back."""

import sqlalchemy
import sqlalchemy.orm

import harness

Base = sqlalchemy.orm.declarative_base()


class Person(Base):
    __tablename__ = "person"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.String(50))
    age = sqlalchemy.Column(sqlalchemy.Integer)


def work(n):
    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with sqlalchemy.orm.Session(engine) as session:
        for _ in range(n):
            session.add_all(Person(name="name %d" % i, age=i % 90)
                            for i in range(500))
            session.commit()
            old = sqlalchemy.select(Person).where(Person.age > 80).limit(200)
            session.scalars(old).all()
            session.expunge_all()
    engine.dispose()


harness.run(work, 20)
